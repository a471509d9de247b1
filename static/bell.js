// The bell: tells the visitor who came. `app.js` loads it for whoever wants it.
//
// What is chosen stays in this browser, for the path of this page. What this tab has seen survives its reload;
// what any tab of the site has told is shared by all, so that none of it is told twice, and goes with the last choice.
const find = (id) => document.getElementById(id);
const dialog = find("bell-choices"), button = find("bell"), { lang } = document.documentElement;
const CHOICES = `lookout bell ${location.pathname}`, SEEN = `lookout seen ${location.pathname}`;
const SITE = new URL("..", import.meta.url).pathname, TOLD = `lookout told ${SITE}`;
// Timers of a hidden tab run once a minute: after so long without one, it slept.
const ASLEEP = 180e3;
// So far apart are two tabs that learn of the same change, if it has no time of its own.
const SAME = 120e3, FORGOTTEN = 7 * 864e5, LISTED = 8;

// Storage may be blocked or full: then what is chosen holds until the page is closed.
const read = (storage, key) => { try { return JSON.parse(storage()[key]); } catch { return undefined; } };
const keep = (storage, key, value) => { try { storage()[key] = JSON.stringify(value); } catch { /* As said. */ } };
const local = () => localStorage, session = () => sessionStorage;

/** Who is on the page, and since when; which rooms are open; how many are in without a name. */
const look = () => {
  const people = [...document.querySelectorAll("#rows tr")].map((row) => ({
    name: row.querySelector("bdi")?.textContent ?? "", isIn: !!row.querySelector("td.in"),
    came: Date.parse(row.cells[2]?.querySelector("time")?.dateTime) || 0 }));
  const cards = document.querySelectorAll("#rooms article");
  const open = [...cards.length ? cards : document.querySelectorAll(".top")]
    .filter((room) => room.querySelector(".summary.some")).map((room) => room.querySelector("h1, h2")?.textContent.trim() ?? "");
  const unnamed = find("summary")?.dataset.count - people.filter(({ isIn }) => isIn).length;
  return { people, open, unnamed, at: Date.now() };
};

const isAgain = performance.getEntriesByType("navigation")[0]?.type === "reload" || document.wasDiscarded;
let choices = read(local, CHOICES), seen = (isAgain && read(session, SEEN)) || look(), isAwake = true, isMute = false, wake;

/** Whether the browser can never show a notification of this page, as far as is known. */
const isRefused = () => isMute || !window.isSecureContext || window.Notification?.permission === "denied" || !("Notification" in window);
const rings = () => !!choices && (choices.sound || !isRefused() && Notification.permission === "granted");
const mark = () => {
  button.classList.toggle("on", rings());
  button.textContent = rings() ? button.dataset.on : button.dataset.off;
};

// Two notes, soft and short. A browser plays nothing before the visitor has touched the page, and nothing late.
let audio;
const chime = async () => {
  audio ??= new AudioContext();
  const asked = Date.now();
  await audio.resume();
  if (Date.now() - asked > 1e3) return;
  for (const [pitch, after] of [[659, 0], [880, 0.16]]) {
    const note = new OscillatorNode(audio, { frequency: pitch }), gain = new GainNode(audio, { gain: 0 });
    const begin = audio.currentTime + after;
    gain.gain.setValueAtTime(0, begin);
    gain.gain.linearRampToValueAtTime(0.07, begin + 0.03);
    gain.gain.exponentialRampToValueAtTime(1e-4, begin + 0.9);
    note.connect(gain).connect(audio.destination);
    note.start(begin);
    note.stop(begin + 1);
  }
};

const show = (options) => {
  try {
    return new Notification(document.querySelector("h1")?.textContent.trim() ?? document.title, { icon: dialog.dataset.icon, lang, ...options });
  } catch {
    // Chrome on a phone has only those of service workers.
    isMute = true;
  }
};

// A name is text, whatever its direction of writing.
const list = (names) => {
  const more = names.length - LISTED, shown = names.slice(0, LISTED).map((name) => `\u2068${name}\u2069`);
  return new Intl.ListFormat(lang, { type: "unit" }).format(more > 0 ? [...shown, `+${more}`] : shown);
};
const say = (word, names) => dialog.dataset[word].replace("{names}", () => list(names));

/** Does `work` while no other tab does its own. */
const alone = (work) => navigator.locks ? navigator.locks.request(TOLD, work) : work();
/** Of `news`, what no tab has told yet; from now on it is told. */
const claim = (news) => {
  const take = () => {
    const told = new Map(read(local, TOLD)), now = Date.now();
    const fresh = news.filter(({ id, after }) => !(told.get(id)?.[0] > after));
    for (const { id, time } of fresh) told.set(id, [time, now]);
    keep(local, TOLD, [...told].filter(([, [, at]]) => now - at < FORGOTTEN));
    return fresh;
  };
  return alone(take);
};
/** Forgets what was chosen here; and what was told, unless something is chosen on another page of the site. */
const forget = () => {
  try {
    localStorage.removeItem(CHOICES);
    const isChosen = () => Object.keys(localStorage).some((key) => key.startsWith(`lookout bell ${SITE}`));
    return alone(() => isChosen() || localStorage.removeItem(TOLD));
  } catch { /* Nothing was kept. */ }
};

const newsOf = (before, now, slept) => {
  const known = new Map(before.people.map(({ name, came }) => [name, came])), { anybody, opens, people } = choices;
  const timed = (id, time) => ({ id, time, after: time - 1 }), untimed = (id) => ({ id, time: now.at, after: now.at - SAME });
  const came = now.people.filter(({ name, came, isIn }) => came > (known.get(name) ?? 0) && (isIn || slept))
    .filter(({ name }) => anybody || people.includes(name));
  return [
    ...opens ? now.open.filter((room) => !before.open.includes(room)).map((room) => ({ room, ...untimed(`room ${room}`) })) : [],
    ...came.map(({ name, came }) => ({ name, ...timed(`person ${name}`, came) })),
    ...anybody && now.unnamed > before.unnamed ? [{ unnamed: true, ...untimed("unnamed") }] : [],
  ];
};

/** Compares the page with what was seen before, and tells the difference once. */
const compare = async () => {
  const before = seen, now = look(), slept = now.at - before.at > ASLEEP;
  seen = now;
  isAwake = true;
  keep(session, SEEN, seen);
  const news = rings() ? await claim(newsOf(before, now, slept)) : [];
  if (!news.length || !choices) return;
  const rooms = news.flatMap(({ room }) => room ?? []), names = news.flatMap(({ name }) => name ?? []), lines = [];
  if (rooms.length) lines.push(say("opened", rooms));
  if (names.length) lines.push(say(slept ? "missed" : "came", names));
  if (news.some(({ unnamed }) => unnamed)) lines.push(find("summary").textContent);
  if (!isRefused() && Notification.permission === "granted") {
    const tag = `${CHOICES} ${news.map(({ id, time }) => `${id} ${time}`)}`;
    const shown = show({ body: lines.join("\n"), tag, silent: choices.sound });
    if (shown) shown.onclick = () => { window.focus(); shown.close(); };
  }
  if (choices.sound) chime();
};

const boxes = () => [...dialog.querySelectorAll("input")];
const choice = (name, checked) => {
  const [label, box, text] = ["label", "input", "bdi"].map((kind) => document.createElement(kind));
  Object.assign(box, { type: "checkbox", name: "person", value: name, checked });
  text.textContent = name;
  label.append(box, text);
  return label;
};

const choose = async ({ target }) => {
  const is = (name) => boxes().some((box) => box.name === name && box.checked);
  const people = boxes().filter((box) => box.name === "person" && box.checked).map((box) => box.value);
  choices = { anybody: is("anybody"), opens: is("opens"), sound: is("sound"), people };
  if (choices.anybody || choices.opens || people.length) {
    keep(local, CHOICES, choices);
  } else {
    choices = undefined;
    forget();
  }
  if (target.checked && target.name === "sound") chime();
  if (target.checked && target.name !== "sound" && !isRefused()) {
    // The only place that asks: a click of the visitor's.
    if (await Notification.requestPermission() === "granted") show({ silent: true })?.close();
  }
  find("bell-refused").hidden = !isRefused();
  mark();
};

const open = () => {
  const chosen = choices?.people ?? [], names = new Set([...look().people.map(({ name }) => name), ...chosen]);
  const sorted = [...names].sort((a, b) => a.localeCompare(b, lang));
  find("bell-people").replaceChildren(...sorted.map((name) => choice(name, chosen.includes(name))));
  for (const box of boxes()) if (box.name !== "person") box.checked = !!choices?.[box.name];
  find("bell-people").parentElement.hidden = !sorted.length;
  find("bell-refused").hidden = !isRefused();
  dialog.showModal();
};

/** Begins; `restart` connects anew. */
export const hang = (restart) => {
  wake = restart;
  // The next change may bring a reload.
  keep(session, SEEN, seen);
  button.dataset.off = button.textContent;
  dialog.addEventListener("change", choose);
  find("bell-close").onclick = () => dialog.close();
  window.addEventListener("storage", ({ key }) => {
    if (key !== CHOICES) return;
    choices = read(local, CHOICES);
    mark();
  });
  setInterval(() => {
    if (Date.now() - seen.at <= ASLEEP) {
      seen.at = Date.now();
      keep(session, SEEN, seen);
    } else if (isAwake) {
      isAwake = false;
      wake();
    }
  }, 3e4);
  mark();
  return { compare, open, rings };
};
