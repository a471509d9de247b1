// A tab in the background: `node hidden.mjs LOOKOUT`. Its title and icon follow within a minute, it asks
// once a minute at most, and a paused one not at all. The page's clock is turned forward; that the tab is
// hidden is real.

import assert from "node:assert/strict";
import { Program, until } from "./program.mjs";
import { browseTabs } from "./web.mjs";

const [lookout] = process.argv.slice(2);
const MINUTE = 60_000;

const program = await Program.start(lookout);
const { context, close } = await browseTabs();
const published = (name) => until(`${name} is published`, async () =>
  (await (await fetch(`${program.address}/lookout/`)).text()).includes(name));
const titled = (page, title) => until(`the title is ${title}`, async () => await page.title() === title);
const icon = (page) => page.evaluate(() => document.getElementById("icon").href);
const state = (page) => page.evaluate(() => document.visibilityState);
const clock = (page) => page.evaluate(() => Date.now());

try {
  await program.deliver("Ada");
  await published("Ada");
  const page = await context.newPage(), other = await context.newPage();
  await page.bringToFront();
  await page.clock.install();
  const requests = [];
  page.on("request", (request) => requests.push(request));
  await page.goto(`${program.address}/lookout/`);
  await until("it is live", () => page.evaluate(() => document.getElementById("mode").className === "told"));
  await titled(page, "(1) Lookout");

  // Behind another tab.
  await other.bringToFront();
  await until("it is hidden", async () => await state(page) === "hidden");
  const [begun, first] = [await clock(page), await icon(page)];
  requests.length = 0;
  await program.deliver("Zoë");
  await published("Zoë");
  await page.clock.runFor(MINUTE);
  await titled(page, "(2) Lookout");
  assert.notEqual(await icon(page), first, "the icon carries the count");
  const asked = () => requests.filter((request) => !request.url().includes("favicon"));
  await until("it goes on asking", async () => {
    await page.clock.runFor(MINUTE / 10);
    return asked().length === 10;
  });
  assert.equal(await state(page), "hidden");
  const minutes = (await clock(page) - begun) / MINUTE;
  assert.ok(asked().length <= minutes + 1, `${asked().length} requests in ${minutes} minutes`);
  assert.deepEqual([...new Set(asked().map((request) => request.url()))], [`${program.address}/lookout/`]);
  const statuses = await Promise.all(asked().map(async (request) => (await request.response()).status()));
  // A chart moves on every quarter of an hour, too.
  assert.ok(statuses.filter((status) => status !== 304).length <= 2, `only what changed was sent: ${statuses}`);

  // In front again, it is live again.
  requests.length = 0;
  await page.bringToFront();
  await until("it is visible", async () => await state(page) === "visible");
  await until("it listens", () => requests.some((request) => request.url().endsWith("/live")));
  await program.deliver("Björk");
  await titled(page, "(3) Lookout");

  // Paused, it asks for nothing, hidden or not.
  await page.getByRole("button", { name: "Pause live updates" }).click();
  await other.bringToFront();
  await until("it is hidden", async () => await state(page) === "hidden");
  requests.length = 0;
  await program.deliver("Grace");
  await published("Grace");
  for (let i = 0; i < 5; i++) await page.clock.runFor(MINUTE);
  assert.deepEqual(requests.map((request) => request.url()), []);
  assert.equal(await page.title(), "(3) Lookout");
} finally {
  await close();
  await program.remove();
}
process.exit();
