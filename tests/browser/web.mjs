// A web server as ours is meant to be set up, and Debian's Chromium to look at what it serves.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream, existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { createInterface } from "node:readline";
import { createGzip } from "node:zlib";
import { chromium } from "playwright-core";

let patience;

/** Whatever hangs fails, and takes nobody else's time: after five minutes, if nothing else is said. */
export const allow = (minutes) => {
  clearTimeout(patience);
  patience = setTimeout(() => {
    console.error(`it took longer than ${minutes} minutes`);
    process.exit(1);
  }, minutes * 60_000).unref();
};
allow(5);

const KINDS = { ".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml", ".json": "application/json", ".txt": "text/plain; charset=utf-8" };

const POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
  + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Serves `dir` compressed, with the headers of the deployment; resolves to the address. */
export const serve = (dir) => new Promise((resolve) => {
  const server = createServer((request, response) => {
    if (request.url.endsWith("/live")) {
      return response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" }).write(":\n\n");
    }
    let path = join(dir, normalize(new URL(request.url, "http://x").pathname));
    if (existsSync(path) && statSync(path).isDirectory()) path = join(path, "index.html");
    if (!existsSync(path)) return response.writeHead(404).end();
    const asset = path.includes("/assets/");
    response.writeHead(200, { "content-type": KINDS[extname(path)] ?? "application/octet-stream", "content-encoding": "gzip",
      "cache-control": asset ? "public, max-age=31536000, immutable" : "no-cache", "content-security-policy": POLICY,
      "last-modified": new Date().toUTCString(), "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" });
    if (request.method === "HEAD") return response.end();
    createReadStream(path).pipe(createGzip({ level: 9 })).pipe(response);
  });
  server.listen(0, "127.0.0.1", () => {
    server.unref();
    resolve(`http://127.0.0.1:${server.address().port}`);
  });
});

const CHROMIUM = "/usr/bin/chromium";

/** As root too, and without what it would ask the network for by itself. */
const OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** Chromium, in which every page takes itself for the visible one. */
export const browse = (more = []) => chromium.launch({ executablePath: CHROMIUM, args: [...OPTIONS, ...more] });

/** Chromium as people have it: of the tabs in its window, only the one in front is visible. */
export const browseTabs = async () => {
  const dir = mkdtempSync(join(tmpdir(), "lookout-chromium-"));
  const child = spawn(CHROMIUM, [...OPTIONS, "--headless=new", "--remote-debugging-port=0", `--user-data-dir=${dir}`, "about:blank"],
    { stdio: ["ignore", "ignore", "pipe"] });
  process.on("exit", () => child.kill("SIGKILL"));
  let address;
  for await (const line of createInterface(child.stderr)) {
    address = line.match(/DevTools listening on (ws:.*)/)?.[1];
    if (address) break;
  }
  child.stderr.resume();
  const browser = await chromium.connectOverCDP(address, { noDefaults: true });
  const close = async () => {
    await (await browser.newBrowserCDPSession()).send("Browser.close");
    if (child.exitCode === null) await once(child, "exit");
    rmSync(dir, { recursive: true, force: true, maxRetries: 10 });
  };
  return { context: browser.contexts()[0], close };
};
