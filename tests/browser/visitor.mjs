// What a visitor finds: `node visitor.mjs LOOKOUT SCENARIO`. Fails unless all is as it should be.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { utimesSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { PATIENCE, Program, nginx, until } from "./program.mjs";
import { browse } from "./web.mjs";

const HOUR = 3_600_000;
const shows = (page, name) => page.waitForFunction(
  (name) => [...document.querySelectorAll(".members bdi")].some((one) => one.textContent === name), name, { timeout: PATIENCE });
const names = (page) => page.locator(".members bdi").allTextContents();

/** A page that fails the scenario if its console complains or it asks anybody but its own server. */
const visit = async (browser, address, options = {}) => {
  const page = await browser.newPage({ viewport: { width: 1000, height: 500 }, locale: "en-GB", ...options });
  page.setDefaultTimeout(PATIENCE);
  page.complaints = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) page.complaints.push(message.text());
  });
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== address) page.complaints.push(`asks ${request.url()}`);
  });
  page.on("dialog", (dialog) => { page.complaints.push(`a dialog: ${dialog.message()}`); dialog.dismiss(); });
  await page.goto(`${address}/lookout/`);
  return page;
};

/** The script looks at once instead of after its time, as when a visitor comes back to the tab. */
const comeBack = (page) => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));

const HOSTILE = ["<script>window.hacked=1</script>", "<img src=x onerror=window.hacked=1>", "\" onmouseover=\"window.hacked=1",
  "' autofocus onfocus='window.hacked=1", "</bdi></li></ul><h1>", "</title><svg onload=window.hacked=1>", "<style>*{display:none}</style>",
  "<!--", "]]><iframe src=javascript:window.hacked=1>", "{{ 7 * 7 }}{% raw %}", "javascript:window.hacked=1", "&lt;b&gt;&amp;&#60;",
  "<a href=//evil.example>", "\u202egnp.exe", "\u2028\u2029", "<base href=//evil.example>", "<meta http-equiv=refresh content=0>",
  "${window.hacked=1}", "`;window.hacked=1;//", "<template>", "<details open ontoggle=window.hacked=1>", "x".repeat(200),
  `Z${"\u0351".repeat(60)}`, "👨\u200d👩\u200d👧", "محمد علي"];

const SCENARIOS = {
  async "a change arrives"(browser, lookout) {
    const program = await Program.start(lookout, ["81234567890", "81234567891"].map((id) => `[[rooms]]\nmeeting_id = "${id}"\nname = "Room ${id}"\nslug = "r${id}"\n`).join(""));
    try {
      for (let i = 0; i < 30; i++) await program.deliver(`Person ${i}`, "participant_joined", new Date(Date.now() - HOUR + i * 1000));
      await until("they are published", async () => (await (await fetch(`${program.address}/lookout/`)).text()).includes("(30)"));
      const page = await visit(browser, program.address);
      await page.waitForSelector("#mode.told");
      // A reload would lose the mark.
      await page.evaluate(() => { window.mark = true; });
      // The link lies in what the change replaces.
      await page.locator("#room-r81234567890").focus();
      await page.evaluate(() => window.scrollTo(0, 700));
      const [before, icon] = [await page.evaluate(() => window.scrollY), await page.getAttribute("#icon", "href")];
      await program.deliver("Somebody New");
      const acknowledged = performance.now();
      await shows(page, "Somebody New");
      console.log(`shown ${(performance.now() - acknowledged).toFixed(0)} ms after it was acknowledged`);
      assert.equal(await page.title(), "(31) Lookout");
      assert.equal(await page.evaluate(() => window.mark), true, "the change came without a reload");
      assert.equal(await page.evaluate(() => document.activeElement.id), "room-r81234567890", "the focus stays");
      assert.equal(await page.evaluate(() => window.scrollY), before, "the page does not move");
      assert.deepEqual(await page.locator(".members li.new bdi").allTextContents(), ["Somebody New"]);
      for (let i = 0; i < 22; i++) await program.deliver(`Person ${i}`, "participant_left");
      await page.waitForFunction(() => document.title.startsWith("(9)"), undefined, { timeout: PATIENCE });
      assert.notEqual(await page.getAttribute("#icon", "href"), icon, "the icon carries the count");
      assert.deepEqual(page.complaints, []);
    } finally { await program.remove(); }
  },

  async "the demo"(browser, lookout) {
    const demo = spawn(lookout, ["demo", "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "ignore"] });
    try {
      const [line] = await once(createInterface(demo.stdout), "line");
      const page = await visit(browser, new URL(line).origin);
      await page.waitForSelector(".members bdi");
      assert.match(await page.title(), /^\(\d+\) /, "the title carries the count");
      const before = await page.locator("#rows").textContent();
      await page.waitForFunction((before) => document.querySelector("#rows").textContent !== before, before, { timeout: PATIENCE });
      assert.deepEqual(page.complaints, []);
    } finally {
      demo.kill("SIGTERM");
      await once(demo, "exit");
    }
  },

  async "pause"(browser, lookout) {
    const program = await Program.start(lookout);
    try {
      await program.deliver("Ada");
      const page = await visit(browser, program.address);
      await shows(page, "Ada");
      await page.waitForSelector("#mode.told");
      await page.getByRole("button", { name: "Pause live updates" }).click();
      assert.equal(await page.textContent("#mode"), "Paused");
      await program.deliver("Zoë");
      await until("it is published", async () => (await (await fetch(`${program.address}/lookout/`)).text()).includes("Zoë"));
      const asked = [];
      page.on("request", (request) => asked.push(new URL(request.url()).pathname));
      await comeBack(page);
      // Requests go in order: what it asked for by itself would come before this.
      await page.evaluate(() => fetch("presence.json").then((answer) => answer.text()));
      assert.deepEqual(asked, ["/lookout/presence.json"], "a paused page asks for nothing");
      assert.deepEqual(await names(page), ["Ada"], "a paused page stays as it is");
      await page.getByRole("button", { name: "Resume live updates" }).click();
      await shows(page, "Zoë");
      assert.equal(await page.textContent("#mode"), "Live");
      assert.deepEqual(page.complaints, []);
    } finally { await program.remove(); }
  },

  async "without JavaScript"(browser, lookout) {
    const program = await Program.start(lookout);
    try {
      const at = new Date(Math.floor(Date.now() / 60_000) * 60_000 - 5 * 60_000);
      await program.deliver("Ada", "participant_joined", at);
      await until("it is published", async () => (await (await fetch(`${program.address}/lookout/`)).text()).includes("Ada"));
      const page = await visit(browser, program.address, { javaScriptEnabled: false, timezoneId: "Asia/Tokyo" });
      assert.deepEqual(await names(page), ["Ada"]);
      const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "short", timeZone: "Europe/Istanbul" }).format(at);
      assert.match(await page.textContent("#members time"), new RegExp(`since .*${clock}`), "times are the site's");
      assert.equal(await page.locator("#live").isVisible(), false, "no button that could do nothing");
      assert.equal(await page.locator(".today rect").count(), 1, "charts are drawn by the server");
      await program.deliver("Zoë");
      await until("it is published", async () => (await page.reload(), (await names(page)).length === 2));
      assert.deepEqual(page.complaints, []);
    } finally { await program.remove(); }
  },

  async "Lookout is stopped and nginx goes on"(browser, lookout) {
    const program = await Program.start(lookout);
    const web = await nginx(program);
    try {
      await program.deliver("Ada");
      await until("it is published", async () => (await (await fetch(`${web.address}/lookout/`)).text()).includes("Ada"));
      const page = await visit(browser, web.address);
      await page.waitForSelector("#mode.told");
      await program.deliver("Zoë");
      await shows(page, "Zoë");
      await program.stop();
      await page.waitForSelector("#mode.asking", { timeout: PATIENCE });
      assert.equal(await page.locator("#stale").isVisible(), false, "nobody is alarmed at once");

      const unchanged = page.waitForResponse((answer) => answer.status() === 304 && answer.url().endsWith("/lookout/"));
      await comeBack(page);
      await unchanged;

      const old = new Date(Date.now() - 4 * 60_000);
      utimesSync(join(program.dir, "site/lookout/heartbeat.txt"), old, old);
      await comeBack(page);
      await page.waitForSelector("#stale:not([hidden])");
      assert.match(await page.textContent("#stale"), /may be out of date/);
      await page.reload();
      assert.deepEqual(await names(page), ["Ada", "Zoë"], "what was published stays");

      // A build by hand is seen by asking.
      const moment = new Date().toISOString(), participant = { user_id: "9", user_name: "Björk", join_time: moment };
      program.run(["-q", "import", "-"], JSON.stringify({ event: "meeting.participant_joined", event_ts: Date.now(),
        payload: { object: { uuid: "browser==", id: "81234567890", participant } } }));
      program.run(["-q", "build"]);
      await comeBack(page);
      await shows(page, "Björk");

      await program.serve();
      await until("it is well again", async () => (await comeBack(page), await page.waitForTimeout(300), page.locator("#stale").isHidden()));
      await page.waitForSelector("#mode.told");
      const expected = (text) => /502|ERR_INCOMPLETE_CHUNKED|EventSource/.test(text);
      assert.deepEqual(page.complaints.filter((text) => !expected(text)), []);
    } finally { await web.stop(); await program.remove(); }
  },

  async "500 hostile names"(browser, lookout) {
    const elements = async (name) => {
      const program = await Program.start(lookout);
      try {
        const begin = Date.now() - HOUR;
        const lines = Array.from({ length: 500 }, (_, i) => {
          const moment = new Date(begin + i * 1000).toISOString();
          const participant = { user_id: String(i), participant_uuid: String(i), user_name: name(i), join_time: moment, leave_time: moment };
          const tell = (kind) => JSON.stringify({ event: `meeting.${kind}`, event_ts: begin + i * 1000,
            payload: { object: { uuid: "browser==", id: "81234567890", participant } } });
          // Half of them are in, the others are out.
          return i % 2 ? tell("participant_joined") : `${tell("participant_joined")}\n${tell("participant_left")}`;
        });
        program.run(["-q", "import", "-"], lines.join("\n"));
        await until("they are published", async () => (await (await fetch(`${program.address}/lookout/`)).text()).includes("(250)"));
        const page = await visit(browser, program.address);
        await page.waitForSelector("#mode.told");
        await program.deliver(name(500));
        await page.waitForFunction(() => document.title.startsWith("(251)"), undefined, { timeout: PATIENCE });
        // Whatever waits for a pointer or a focus gets it.
        await page.evaluate(() => document.querySelectorAll("*").forEach((one) => {
          for (const kind of ["mouseover", "focus", "click", "toggle", "load", "error"]) one.dispatchEvent(new Event(kind));
        }));
        assert.equal(await page.evaluate(() => window.hacked), undefined, "no script runs");
        assert.deepEqual(page.complaints, []);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
        assert.equal(wide, false, "no name widens the page");
        return await page.evaluate(() => {
          const counts = {};
          for (const one of document.querySelectorAll("*")) {
            const kind = `${one.localName} ${[...one.attributes].map(({ name }) => name).sort()}`;
            counts[kind] = (counts[kind] ?? 0) + 1;
          }
          return counts;
        });
      } finally { await program.remove(); }
    };
    const hostile = await elements((i) => `${HOSTILE[i % HOSTILE.length]} ${i}`);
    assert.deepEqual(hostile, await elements((i) => `Person ${i}`), "no element or attribute more or less");
  },
};

const [lookout, name] = process.argv.slice(2);
const browser = await browse();
try {
  await SCENARIOS[name](browser, lookout);
} finally {
  await browser.close();
}
process.exit();
