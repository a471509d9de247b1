// How long from the answer to a delivery until the page holds it:
// `node latency.mjs URL SECRET SITE_DIR COUNT`, one delivery every 2 s.

import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const [url, secret, site, count] = process.argv.slice(2);
const page = join(site, "lookout", "index.html");
const holds = (name) => {
  try { return readFileSync(page, "utf8").includes(name); } catch { return false; }
};

const deliver = async (name) => {
  const now = new Date();
  const body = JSON.stringify({
    event: "meeting.participant_joined",
    event_ts: now.getTime(),
    payload: { object: { uuid: "latency==", id: "81234567890", participant: {
      user_id: name, participant_uuid: name, user_name: name,
      join_time: now.toISOString().replace(/\.\d+/, ""),
    } } },
  });
  const timestamp = String(Math.floor(now / 1000));
  const signature = createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex");
  const headers = { "x-zm-request-timestamp": timestamp, "x-zm-signature": `v0=${signature}` };
  const answer = await fetch(url, { method: "POST", body, headers });
  if (answer.status !== 204) throw new Error(`answered ${answer.status}`);
};

const waits = [];
for (let i = 0; i < Number(count); i++) {
  const name = `Visitor ${i} of the measurement`;
  await deliver(name);
  const acknowledged = performance.now();
  while (!holds(name)) await new Promise((resolve) => setTimeout(resolve, 0.2));
  waits.push(performance.now() - acknowledged);
  await new Promise((resolve) => setTimeout(resolve, 2000));
}
waits.sort((a, b) => a - b);
const at = (share) => waits[Math.min(waits.length - 1, Math.floor(share * waits.length))].toFixed(1);
console.log(`${at(0.5)} ms (p50), ${at(0.99)} ms (p99)`);
