// Lighthouse's figures for the page of eight and of a hundred people, as a phone and as a desktop
// computer see it: `node lighthouse.mjs LOOKOUT`. Fails below 100.
//
// Lighthouse itself is not among the tests' packages, as it times things: install it beside them first,
// `npm install --no-save --prefix tests/browser lighthouse@12.8.2` (13 needs Node 22).

import { rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "./browser/scenes.mjs";
import { browse, serve } from "./browser/web.mjs";

const installed = process.env.LIGHTHOUSE_DIR ?? new URL("browser/", import.meta.url).pathname;
const find = (name) => pathToFileURL(createRequire(join(installed, "package.json")).resolve(name)).href;
const { default: lighthouse, desktopConfig } = await import(find("lighthouse"));

const CATEGORIES = ["performance", "accessibility", "best-practices"];
const [lookout] = process.argv.slice(2);
const port = 9300 + process.pid % 500;
const browser = await browse([`--remote-debugging-port=${port}`]);
let bad = false;
try {
  for (const scene of ["eight", "hundred"]) {
    const dir = build(lookout, scene);
    const address = await serve(join(dir, "site"));
    for (const [device, config] of [["phone", undefined], ["desktop", desktopConfig]]) {
      const options = { port, onlyCategories: CATEGORIES, logLevel: "error" };
      const { lhr } = await lighthouse(`${address}/lookout/`, options, config);
      const scores = CATEGORIES.map((name) => Math.round(lhr.categories[name].score * 100));
      bad ||= scores.some((score) => score < 100);
      console.log(`${scene}, ${device}: ${CATEGORIES.map((name, i) => `${name} ${scores[i]}`).join(", ")}`);
      for (const audit of Object.values(lhr.audits)) {
        if (scores.some((score) => score < 100) && audit.score !== null && audit.score < 1) console.log(`  ${audit.id}: ${audit.displayValue ?? audit.title}`);
      }
    }
    rmSync(dir, { recursive: true });
  }
} finally {
  await browser.close();
}
process.exit(bad ? 1 : 0);
