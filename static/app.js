// The visitor's own time zone, live updates, and a plain word when they stop.
"use strict";
const { root, locale, duration, zone } = document.currentScript.dataset;
const find = (id) => document.getElementById(id);

const full = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
const past = new Intl.RelativeTimeFormat(locale, { style: "short", numeric: "auto" });
const long = (n, unit) => new Intl.NumberFormat(locale, { style: "unit", unit }).format(n);
const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", Infinity]];
const wording = (time) => {
  const then = new Date(time.dateTime), exact = full.format(then);
  if (!time.dataset.as) return exact;
  time.title = exact;
  const seconds = (Date.now() - then) / 1000;
  const [unit, length] = units.find(([, length]) => seconds >= length) ?? units[3];
  const n = Math.max(0, Math.floor(seconds / length));
  const age = n && time.dataset.as === "age";
  return age ? duration.replace("{}", long(n, unit)) : past.format(-n, unit);
};
const tell = () => {
  for (const time of document.querySelectorAll("time")) {
    const text = wording(time);
    if (time.textContent !== text) time.textContent = text;
  }
};

// What is alive, as it was published; and the frame, whose change needs a reload.
const parts = (page) => new Map(
  [...page.querySelectorAll("[data-live]")].map((part) => [part.id, part.outerHTML]));
const frame = (page) => [...page.querySelectorAll("link, script, [data-live]")]
  .map((e) => e.id || e.getAttribute("href") || e.getAttribute("src")).join();
let shown = parts(document), etag, spoken;

const refresh = async () => {
  const headers = etag ? { "If-None-Match": etag } : {};
  const answer = await fetch(location.pathname, { cache: "no-store", headers });
  if (answer.status === 304) return;
  if (!answer.ok) throw answer;
  etag = answer.headers.get("ETag");
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (frame(page) !== frame(document)) return location.reload();
  const fresh = parts(page), focus = document.activeElement.id;
  for (const [id, html] of fresh) {
    if (html !== shown.get(id)) find(id).replaceWith(page.getElementById(id));
  }
  if (focus) find(focus)?.focus({ preventScroll: true });
  shown = fresh;
  document.title = page.title;
  tell();
  spoken ??= setTimeout(() => {
    find("status").textContent = find("summary").textContent;
    spoken = undefined;
  }, 5e3);
};
let turn = Promise.resolve();
const update = () => (turn = turn.then(refresh).then(() => true, () => false));

// Told by the server; where that fails, asking.
let source, timer, wait, tries, paused = false;
const ask = async () => {
  wait = await update() ? 15e3 : Math.min(2 * wait, 3e5);
  clearTimeout(timer);
  timer = setTimeout(start, wait * (0.75 + Math.random() / 2));
};
const start = () => {
  source?.close();
  clearTimeout(timer);
  if (paused || document.hidden) return;
  if (tries++ % 20) return ask();
  source = new EventSource(root + "live");
  source.onopen = () => { tries = 0; update(); };
  source.onmessage = update;
  source.onerror = (event) => { if (event.target.readyState === 2) ask(); };
};

// Whether Lookout is still at work, by the server's own clock.
const check = async () => {
  if (paused || document.hidden) return;
  const answer = await fetch(root + "heartbeat.txt", { method: "HEAD", cache: "no-store" })
    .catch(() => ({}));
  const date = (name) => Date.parse(answer.headers.get(name));
  find("stale").hidden = answer.ok && !(date("Date") - date("Last-Modified") > 18e4);
};

const restart = () => { tries = 0; wait = 15e3; tell(); start(); check(); };
const button = find("live"), words = [button.textContent, button.dataset.resume];
button.onclick = () => {
  paused = !paused;
  button.textContent = words[+paused];
  restart();
};
button.hidden = false;
find("zone").textContent = zone.replace("{}", full.resolvedOptions().timeZone);
document.addEventListener("visibilitychange", restart);
setInterval(tell, 15e3);
setInterval(check, 6e4);
restart();
