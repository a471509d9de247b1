// Pictures of the page in every state worth looking at: `node pictures.mjs LOOKOUT DIRECTORY [NAME…]`.

import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
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
  odd: { scene: "odd" },
  "odd-320": { scene: "odd", viewport: { width: 320, height: 640 } },
  "page-light": { scene: "eight", viewport: { width: 960, height: 1478 }, fullPage: false },
  "page-dark": { scene: "eight", viewport: { width: 960, height: 1478 }, fullPage: false, colorScheme: "dark" },
};

const [lookout, directory, ...wanted] = process.argv.slice(2);
mkdirSync(directory, { recursive: true });
const browser = await browse(), built = {};
try {
  for (const [name, { scene, print, fullPage = true, ...context }] of Object.entries(PICTURES)) {
    if (wanted.length && !wanted.includes(name)) continue;
    built[scene] ??= build(lookout, scene);
    const address = await serve(join(built[scene], "site"));
    const page = await browser.newPage({ viewport: wide, locale: "en-GB", timezoneId: "Europe/Istanbul", ...context });
    await page.clock.setFixedTime(NOW);
    if (print) await page.emulateMedia({ media: "print" });
    await page.goto(`${address}/lookout/`, { waitUntil: "load" });
    await page.waitForTimeout(300);
    await page.screenshot({ path: join(directory, `${name}.png`), fullPage });
    await page.close();
  }
} finally {
  await browser.close();
  for (const dir of Object.values(built)) rmSync(dir, { recursive: true });
}
process.exit();
