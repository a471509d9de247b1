// A visitor's browser on a page of a running Lookout: `node live.mjs URL [PICTURE]`.
//
// Fails unless the page shows people, shows a change that arrives without being loaded again,
// stays silent on the console, and asks nobody but its own server.

import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const [url, picture] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
try {
  const page = await browser.newPage({ viewport: { width: 1000, height: 760 }, ignoreHTTPSErrors: true });
  const complaints = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) complaints.push(request.url());
  });

  await page.goto(url);
  await page.waitForSelector("#members bdi");
  assert.match(await page.title(), /^\(\d+\) /, "the title carries the count");

  // A reload would lose the mark.
  await page.evaluate(() => { window.mark = true; });
  const rows = () => page.locator("#rows").innerText();
  const before = await rows();
  await page.waitForFunction(
    (before) => document.querySelector("#rows").innerText !== before, before, { timeout: 30_000 });
  assert.equal(await page.evaluate(() => window.mark), true, "the change came without a reload");

  if (picture) await page.screenshot({ path: picture });
  assert.deepEqual(complaints, [], "nothing to complain of");
} finally {
  await browser.close();
}
