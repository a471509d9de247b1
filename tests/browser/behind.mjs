// A visitor behind the web server: `node behind.mjs URL`, while somebody else sees to it that
// people come. Fails unless a change arrives by itself, and without a word on the console.

import assert from "node:assert/strict";
import { PATIENCE } from "./program.mjs";
import { browse } from "./web.mjs";

const [url] = process.argv.slice(2);
const browser = await browse();
try {
  const page = await browser.newPage({ ignoreHTTPSErrors: true });
  page.setDefaultTimeout(PATIENCE);
  const complaints = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) complaints.push(`asks ${request.url()}`);
  });
  await page.goto(url);
  await page.waitForSelector("#mode.told");
  // A reload would lose the mark.
  const before = await page.evaluate(() => { window.mark = true; return document.title; });
  await page.waitForFunction((before) => document.title !== before, before, { timeout: PATIENCE });
  assert.equal(await page.evaluate(() => window.mark), true, "the change came without a reload");
  assert.deepEqual(complaints, []);
} finally {
  await browser.close();
}
