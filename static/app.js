// The visitor's own time zone and language, live updates, and a plain word when they stop.
"use strict";
const { root, zone, bell: bellScript } = document.currentScript.dataset;
const find = (id) => document.getElementById(id);

// Times, as the visitor writes them; a line breaks only between day and hour.
// Making a formatter takes a phone longer than all it then writes: each is made when it is needed first.
const languages = navigator.languages, made = {};
const by = (kind, options) => made[kind + options.unit] ??= new Intl[kind](languages, options);
const day = () => by("DateTimeFormat", { dateStyle: "medium" });
const hour = () => by("DateTimeFormat", { timeStyle: "short", unit: "hour" });
const past = (n, unit) => by("RelativeTimeFormat", { style: "short", numeric: "auto" }).format(n, unit);
const count = (n, unit) => by("NumberFormat", { style: "unit", unit }).format(n);
const unbroken = (text) => text.replace(/ /g, "\u00a0");
const units = [["day", 86400], ["hour", 3600], ["minute", 60]];
const since = (seconds, as) => {
  const place = units.findIndex(([, length]) => seconds >= length);
  // Whoever is out is not there now.
  if (place < 0) return as === "ago" ? past(-1, "minute") : past(0, "second");
  const [unit, length] = units[place], [part, short] = units[place + 1] ?? [];
  const n = Math.floor(seconds / length), m = part && Math.floor(seconds % length / short);
  return as === "ago" ? past(-n, unit) : unbroken(count(n, unit) + (m ? " " + count(m, part) : ""));
};
const write = (time) => {
  const { as } = time.dataset, then = new Date(time.dateTime);
  if (!time.lang) {
    const exact = `${unbroken(day().format(then))}, ${unbroken(hour().format(then))}`;
    time.lang = hour().resolvedOptions().locale;
    if (as) time.title = exact; else time.textContent = exact;
  }
  const text = as && since((Date.now() - then) / 1000, as);
  if (as && time.textContent !== text) time.textContent = text;
};
const tell = () => document.querySelectorAll("time").forEach(write);

// The first time little by little, from the top, while the browser has nothing better to do.
const later = window.requestIdleCallback ?? ((work) => setTimeout(() => {
  const end = performance.now() + 8;
  work({ timeRemaining: () => end - performance.now() });
}));
const inTurn = (jobs) => later((idle) => {
  do jobs.shift()?.(); while (jobs.length && idle.timeRemaining() > 8);
  if (jobs.length) inTurn(jobs);
});

// What is alive, as it was published; and the frame, whose change needs a reload.
const parts = (page) => new Map(
  [...page.querySelectorAll("[data-live]")].map((part) => [part.id, part.outerHTML]));
const frame = (page) => [...page.querySelectorAll("link, script, [data-live]")]
  .map((e) => e.id || e.getAttribute("href") || e.getAttribute("src")).join();
const present = () => [...document.querySelectorAll(".members li")];
const nameOf = (person) => person.querySelector("bdi").textContent;
// The count on the app's icon, where the page is on a home screen.
const badge = () => navigator.setAppBadge?.(find("summary")?.dataset.count ?? 0).catch(() => {});
let shown, etag, spoken;

const refresh = async () => {
  // Before the first answer that we see, there is only the date of the page.
  const date = new Date(document.lastModified).toUTCString();
  const headers = etag ? { "If-None-Match": etag } : { "If-Modified-Since": date };
  const answer = await fetch(location.pathname, { cache: "no-store", headers });
  if (answer.status === 304) return;
  if (!answer.ok) throw answer;
  etag = answer.headers.get("ETag");
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (frame(page) !== frame(document)) {
    location.reload();
    // The script goes on until the page is gone, but what this page has seen stays for the bell of the next.
    throw answer;
  }
  const fresh = parts(page), focus = document.activeElement.id, before = present().map(nameOf);
  for (const [id, html] of fresh) {
    if (html !== shown.get(id)) find(id).replaceWith(page.getElementById(id));
  }
  if (focus) find(focus)?.focus({ preventScroll: true });
  for (const person of present()) {
    person.classList.toggle("new", !before.includes(nameOf(person)));
  }
  shown = fresh;
  document.title = page.title;
  badge();
  tell();
  spoken ??= setTimeout(() => {
    find("status").textContent = find("summary").textContent;
    spoken = undefined;
  }, 5e3);
};
let turn = Promise.resolve();
const update = () => (turn = turn.then(refresh).then(() => { bell?.compare(); return true; }, () => false));

// The bell, for whoever wants to be told. It is a script of its own, which nobody else waits for.
let bell, hanging;
const hang = () => hanging ??= import(new URL(bellScript, document.baseURI))
  .then((script) => bell = script.hang(restart)).catch((error) => { hanging = undefined; throw error; });
const isHung = () => {
  try { return `lookout bell ${location.pathname}` in localStorage; } catch { return false; }
};

// Told by the server; where that fails, asking.
let source, timer, wait, tries, paused = false;
const say = (mode) => {
  find("mode").className = mode;
  find("mode").textContent = find("mode").dataset[mode];
};
const ask = async () => {
  say("asking");
  wait = await update() ? 15e3 : Math.min(2 * wait, 3e5);
  if (isQuiet()) return;
  clearTimeout(timer);
  timer = setTimeout(start, document.hidden ? Math.max(wait, 58e3) : wait * (0.75 + Math.random() / 2));
};
// A hidden page without a bell keeps title and icon current by one request a minute. Each timer is set by an answer, not
// by a timer: browsers delay chained timers of tabs that have been hidden for some minutes.
const isQuiet = () => document.hidden && !bell?.rings();
const glance = () => update().then(() => document.hidden && start());
const start = () => {
  source?.close();
  clearTimeout(timer);
  if (paused) return say("paused");
  if (isQuiet()) return void (timer = setTimeout(glance, 58e3));
  if (tries++ % 20) return ask();
  source = new EventSource(root + "live");
  source.onopen = () => { tries = 0; say("told"); update(); };
  source.onmessage = update;
  source.onerror = () => { if (source.readyState === 2) ask(); else say("asking"); };
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
const begin = async () => {
  if (isHung()) await hang().catch(() => {});
  find("zone").textContent = zone.replace("{zone}", hour().resolvedOptions().timeZone);
  // With a bell, the stream stays as it is where the page is hidden.
  document.addEventListener("visibilitychange", () => {
    if (isQuiet() || !document.hidden || source?.readyState !== 1) restart();
  });
  badge();
  setInterval(tell, 15e3);
  setInterval(check, 6e4);
  restart();
};
const button = find("pause"), words = [button.textContent, button.dataset.resume];
button.onclick = () => {
  paused = !paused;
  button.textContent = words[+paused];
  restart();
};
if (find("bell")) find("bell").onclick = () => hang().then(({ open }) => open(), () => {});
find("live").hidden = false;
// Each formatter is a job of its own, the least first: what they share is then there for the others.
inTurn([() => { shown = parts(document); }, () => count(0, "minute"), hour, day,
  ...[...document.querySelectorAll("time")].map((time) => () => write(time)), begin]);
