// Pictures of the page in every state worth looking at: `node pictures.mjs LOOKOUT DIRECTORY [NAME…]`.

import { spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { NOW, build } from "./scenes.mjs";
import { browse, serve } from "./web.mjs";

const wide = { width: 1200, height: 800 };
const PICTURES = {
  empty: { scene: "empty" },
  "empty-tonight": { scene: "empty-tonight" },
  one: { scene: "one" },
  eight: { scene: "eight" },
  "eight-dark": { scene: "eight", colorScheme: "dark" },
  "eight-contrast": { scene: "eight", forcedColors: "active", colorScheme: "dark" },
  "eight-320": { scene: "eight", viewport: { width: 320, height: 640 } },
  "eight-500": { scene: "eight", viewport: { width: 500, height: 800 } },
  "eight-no-script": { scene: "eight", javaScriptEnabled: false },
  "eight-print": { scene: "eight", print: true },
  hundred: { scene: "hundred" },
  rooms: { scene: "rooms" },
  "rooms-dark": { scene: "rooms", colorScheme: "dark" },
  "rooms-320": { scene: "rooms", viewport: { width: 320, height: 640 } },
  turkish: { scene: "turkish", locale: "tr-TR", timezoneId: "Europe/Istanbul" },
  "eight-paused": { scene: "eight", fullPage: false, then: (page) => page.getByRole("button").click() },
  "eight-stale": { scene: "eight", fullPage: false, then: (page) => page.evaluate(() => { document.querySelector("#stale").hidden = false; }) },
  "eight-stale-320": { scene: "eight", fullPage: false, viewport: { width: 320, height: 640 }, then: (page) => page.evaluate(() => { document.querySelector("#stale").hidden = false; }) },
  embed: { scene: "eight", path: "embed.html", viewport: { width: 320, height: 400 } },
  "embed-dark": { scene: "eight", path: "embed.html", viewport: { width: 320, height: 400 }, colorScheme: "dark" },
  "embed-empty": { scene: "empty", path: "embed.html", viewport: { width: 320, height: 400 } },
  badge: { scene: "eight", path: "badge.svg", viewport: { width: 320, height: 60 } },
  odd: { scene: "odd" },
  "odd-320": { scene: "odd", viewport: { width: 320, height: 640 } },
  "page-light": { scene: "eight", viewport: { width: 960, height: 1478 }, fullPage: false },
  "page-dark": { scene: "eight", viewport: { width: 960, height: 1478 }, fullPage: false, colorScheme: "dark" },
};

/** What a template's author sees after a slip, over the page. */
const overlay = async (browser, dir) => {
  mkdirSync(join(dir, "templates"));
  const watch = spawn(lookout, ["watch", "--preview=127.0.0.1:0"], { cwd: dir, stdio: ["ignore", "ignore", "pipe"] });
  try {
    for await (const line of createInterface(watch.stderr)) {
      const address = line.match(/the preview is at (\S+)/)?.[1];
      if (!address) continue;
      watch.stderr.resume();
      const page = await browser.newPage({ viewport: { width: 1000, height: 560 } });
      await page.goto(address);
      writeFileSync(join(dir, "templates/room.html"), "");
      writeFileSync(join(dir, "templates/index.html"), "{% extends \"page.html\" %}\n{% block past %}\n<p>{{ heading }}, since {{ member.nmae }}</p>\n{% endblock past %}\n");
      await page.waitForSelector("#lookout-fault");
      await page.screenshot({ path: join(directory, "overlay.png") });
      return;
    }
  } finally {
    watch.kill("SIGTERM");
  }
};

const [lookout, directory, ...wanted] = process.argv.slice(2);
mkdirSync(directory, { recursive: true });
const browser = await browse(), built = {};
try {
  for (const [name, { scene, path = "", then, print, fullPage = true, ...context }] of Object.entries(PICTURES)) {
    if (wanted.length && !wanted.includes(name)) continue;
    built[scene] ??= build(lookout, scene);
    const address = await serve(join(built[scene], "site"));
    const page = await browser.newPage({ viewport: wide, locale: "en-GB", timezoneId: "Europe/Istanbul", ...context });
    await page.clock.setFixedTime(NOW);
    if (print) await page.emulateMedia({ media: "print" });
    await page.goto(`${address}/lookout/${path}`, { waitUntil: "load" });
    if (!path && context.javaScriptEnabled !== false) await page.waitForSelector("#mode.told", { state: "attached" });
    await then?.(page);
    // What is below the window is laid out only once it is seen.
    for (let i = 0; fullPage && i < 2; i++) {
      const height = await page.evaluate(() => document.documentElement.scrollHeight);
      await page.setViewportSize({ ...page.viewportSize(), height: Math.max(height, page.viewportSize().height) });
    }
    await page.waitForTimeout(200);
    await page.screenshot({ path: join(directory, `${name}.png`) });
    await page.close();
  }
  if (!wanted.length || wanted.includes("overlay")) await overlay(browser, built.eight ??= build(lookout, "eight"));
} finally {
  await browser.close();
  for (const dir of Object.values(built)) rmSync(dir, { recursive: true });
}
process.exit();
