// What the page promises whoever asks with instruments: `node standards.mjs LOOKOUT`.
//
// axe finds nothing, in light and in dark; the first answer and its files are small and few;
// nobody else is asked; nothing is wider than the narrowest window.

import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { NOW, build } from "./scenes.mjs";
import { browse, serve } from "./web.mjs";

/** Bytes as a visitor's browser gets them, compressed. */
const BUDGET = { page: 13_000, "text/css": 6 * 1024, "text/javascript": 4 * 1024 };
const REQUESTS = 3;

const PAGES = { empty: [""], "empty-tonight": [""], one: [""], eight: [""], hundred: [""], rooms: ["", "lounge/", "kitchen/"], turkish: [""], odd: [""] };

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const [lookout] = process.argv.slice(2);
const browser = await browse();

const look = async (address, what) => {
  const page = await browser.newPage({ viewport: { width: 1200, height: 800 } });
  await page.clock.setFixedTime(NOW);
  const asked = [];
  page.on("request", (request) => {
    assert.equal(new URL(request.url()).origin, new URL(address).origin, `${what} asks somebody else`);
    // The icon is the browser's wish; what the script asks for comes after the page is there.
    if (!request.url().includes("favicon") && ["document", "stylesheet", "script"].includes(request.resourceType())) asked.push(request);
  });
  await page.goto(address);
  await page.waitForSelector("#mode.told");
  assert.ok(asked.length <= REQUESTS, `${what}: ${asked.length} requests`);
  for (const request of asked) {
    const answer = await request.response(), kind = answer.headers()["content-type"].split(";")[0];
    const size = gzipSync(await answer.body(), { level: 9 }).length;
    const limit = request.resourceType() === "document" ? BUDGET.page : BUDGET[kind];
    assert.ok(size <= limit, `${what}: ${request.url()} has ${size} bytes compressed, more than ${limit}`);
    if (what.startsWith("hundred")) console.log(`${size} bytes compressed: ${kind}`);
  }
  await page.evaluate(axe);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    // In the dark, only the colours are others.
    const rules = colorScheme === "dark" ? { runOnly: ["color-contrast"] } : {};
    const { violations } = await page.evaluate((rules) => window.axe.run(rules), rules);
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).slice(0, 3).join(" ")}`);
    assert.deepEqual(found, [], `${what}, ${colorScheme}`);
  }
  await page.setViewportSize({ width: 320, height: 640 });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320, `${what} is wider than 320 px`);
  await page.close();
};

try {
  for (const [scene, paths] of Object.entries(PAGES)) {
    const dir = build(lookout, scene);
    const address = await serve(join(dir, "site"));
    for (const path of paths) await look(`${address}/lookout/${path}`, `${scene} ${path}`);
    rmSync(dir, { recursive: true });
  }
} finally {
  await browser.close();
}
process.exit();
