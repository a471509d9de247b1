// The real program, told of real deliveries; and nginx in front of what it publishes.

import { execFileSync, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const SECRET = "the-browser-tests-sign-with-this";

/** A running `lookout serve` in a directory of its own, on a port that it keeps. */
export class Program {
  static async start(lookout, settings = "") {
    const program = new Program();
    program.lookout = lookout;
    program.dir = mkdtempSync(join(tmpdir(), "lookout-browser-"));
    program.port = await freePort();
    writeFileSync(join(program.dir, "lookout.toml"), `[zoom]\nsecret_token = "${SECRET}"\nlisten = "127.0.0.1:${program.port}"\n`
      + `[admin]\nlisten = "127.0.0.1:0"\n[site]\ntime_zone = "Europe/Istanbul"\n[privacy]\npublish = ["*"]\n${settings}`);
    await program.serve();
    return program;
  }

  get address() { return `http://127.0.0.1:${this.port}`; }

  /** Starts it, and waits until it listens. */
  async serve() {
    const child = this.child = spawn(this.lookout, ["serve"], { cwd: this.dir, stdio: ["ignore", "ignore", "pipe"] });
    process.on("exit", () => child.kill("SIGKILL"));
    for await (const line of createInterface(this.child.stderr)) if (line.includes("the site is at")) break;
    this.child.stderr.resume();
  }

  /** One command beside it. */
  run(args, input) {
    return execFileSync(this.lookout, args, { cwd: this.dir, input, stdio: ["pipe", "pipe", "pipe"] });
  }

  /** Somebody comes or goes, by a signed delivery; resolves once it is acknowledged. */
  async deliver(name, kind = "participant_joined", at = new Date()) {
    const moment = at.toISOString(), leg = `leg of ${name}`;
    const body = JSON.stringify({ event: `meeting.${kind}`, event_ts: +at, payload: { object: { uuid: "browser==", id: "81234567890",
      participant: { user_id: leg, participant_uuid: leg, user_name: name, join_time: moment, leave_time: moment } } } });
    const timestamp = String(Math.floor(Date.now() / 1000));
    const signature = createHmac("sha256", SECRET).update(`v0:${timestamp}:${body}`).digest("hex");
    const answer = await fetch(`${this.address}/webhooks/zoom`, { method: "POST", body,
      headers: { "x-zm-request-timestamp": timestamp, "x-zm-signature": `v0=${signature}` } });
    if (answer.status !== 204) throw new Error(`the delivery was answered ${answer.status}`);
  }

  async stop() {
    if (this.child.exitCode !== null) return;
    this.child.kill("SIGTERM");
    await once(this.child, "exit");
  }

  async remove() {
    await this.stop();
    rmSync(this.dir, { recursive: true });
  }
}

/** nginx, which serves what is published and passes only `live` on. */
export const nginx = async (program) => {
  const dir = join(program.dir, "nginx"), port = await freePort();
  mkdirSync(dir);
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${dir}/${kind};`).join("\n");
  writeFileSync(join(dir, "nginx.conf"), `
    daemon off; pid ${dir}/pid; error_log ${dir}/error.log; worker_processes 1;
    ${process.getuid() === 0 ? "user root;" : ""}
    events {}
    http {
      access_log off; ${paths}
      types { text/html html; text/css css; text/javascript js; image/svg+xml svg; text/plain txt; application/json json; }
      server {
        listen 127.0.0.1:${port}; root ${program.dir}/site; charset utf-8;
        location = /lookout/live { proxy_pass ${program.address}; proxy_buffering off; }
        location /lookout/ { add_header Cache-Control no-cache; }
      }
    }`);
  const child = spawn("/usr/sbin/nginx", ["-p", dir, "-e", `${dir}/error.log`, "-c", `${dir}/nginx.conf`], { stdio: "ignore" });
  const address = `http://127.0.0.1:${port}`;
  await until("nginx answers", () => fetch(address).then(() => true, () => false));
  return { address, stop: async () => { child.kill("SIGTERM"); await once(child, "exit"); } };
};

/** Nothing takes nearly so long, also on a busy machine; in milliseconds. */
export const PATIENCE = 60_000;

/** Resolves once `condition` holds, and fails if that takes too long. */
export const until = async (what, condition) => {
  for (const end = Date.now() + PATIENCE; Date.now() < end;) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`it never came true that ${what}`);
};

/** A port that nobody listens on, and that the kernel hands out to nobody else meanwhile. */
const freePort = async () => {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 20_000);
    const server = createServer().listen(port, "127.0.0.1");
    const isFree = await once(server, "listening").then(() => true, () => false);
    if (!isFree) continue;
    server.close();
    await once(server, "close");
    return port;
  }
};
