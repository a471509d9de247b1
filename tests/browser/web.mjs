// A web server as ours is meant to be set up, and Debian's Chromium to look at what it serves.

import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
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

/** Chromium, as root too, and without what it would ask the network for by itself. */
export const browse = (more = []) => chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", ...more],
});
