// Lighthouse's figures for the page of eight and of a hundred people, as a phone and as a desktop
// computer see it: `node lighthouse.mjs LOOKOUT [RUNS]`. Of so many runs the one in the middle counts;
// fails below 100. Lighthouse itself is in `lighthouse/` (`npm ci --prefix tests/measure/lighthouse --ignore-scripts`),
// apart from the tests' packages: it times things, and a busy machine has no say in a test.

import { rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "../fixtures/browser/scenes.mjs";
import { allow, browse, serve } from "../fixtures/browser/web.mjs";

const installed = process.env.LIGHTHOUSE_DIR ?? new URL("lighthouse/", import.meta.url).pathname;
const find = (name) => pathToFileURL(createRequire(join(installed, "package.json")).resolve(name)).href;
const { default: lighthouse, desktopConfig } = await import(find("lighthouse"));

const CATEGORIES = ["performance", "accessibility", "best-practices"];
const [lookout, runs = "5"] = process.argv.slice(2);
const port = 9300 + process.pid % 500;
const score = (lhr, category) => Math.round(lhr.categories[category].score * 100);
const blocked = (lhr) => lhr.audits["total-blocking-time"].numericValue;

allow(30);
const browser = await browse([`--remote-debugging-port=${port}`]);
let bad = false;
try {
  for (const scene of ["eight", "hundred"]) {
    const dir = build(lookout, scene);
    const address = await serve(join(dir, "site"));
    for (const [device, config] of [["phone", undefined], ["desktop", desktopConfig]]) {
      const options = { port, onlyCategories: CATEGORIES, logLevel: "error" }, all = [];
      for (let run = 0; run < Number(runs); run++) all.push((await lighthouse(`${address}/lookout/`, options, config)).lhr);
      all.sort((a, b) => score(a, "performance") - score(b, "performance") || blocked(b) - blocked(a));
      const lhr = all[all.length >> 1], falls = CATEGORIES.some((category) => score(lhr, category) < 100);
      bad ||= falls;
      console.log(`${scene}, ${device}: ${CATEGORIES.map((category) => `${category} ${score(lhr, category)}`).join(", ")} (blocked for ${Math.round(blocked(lhr))} ms)`);
      for (const audit of Object.values(lhr.audits)) {
        if (falls && audit.score !== null && audit.score < 1) console.log(`  ${audit.id}: ${audit.displayValue ?? audit.title}`);
      }
    }
    rmSync(dir, { recursive: true });
  }
} finally {
  await browser.close();
}
process.exit(bad ? 1 : 0);
