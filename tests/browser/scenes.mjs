// Rooms to look at: each scene is settings and a history, told to the real program as events.

import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The moment of all scenes: a Friday evening in Istanbul. */
export const NOW = new Date("2026-11-20T18:40:00Z");

const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

const NAMES = ["Amara Lindqvist", "Bence Okafor", "Çiğdem Halvorsen", "Dario Nakagawa", "Elif Boateng",
  "Freya Castellanos 🌻", "Gustavo Rautavaara", "Hana Dvořáková", "Idris Whitlock", "Júlía Mbeki-Stone",
  "Kai O'Hanrahan", "Leocadia Vīra"];

// The same numbers every time: xorshift.
const dice = (seed) => () => {
  seed ^= seed << 13; seed ^= seed >>> 17; seed ^= seed << 5;
  return (seed >>> 0) / 2 ** 32;
};

let legs = 0;
const event = (room, kind, at, name, leg) => ({
  event: `meeting.${kind}`, event_ts: +at,
  payload: { object: { uuid: `${room}==`, id: room,
    participant: { user_id: leg, participant_uuid: `c${leg}`, user_name: name,
      join_time: new Date(at).toISOString(), leave_time: new Date(at).toISOString(), date_time: new Date(at).toISOString(),
      sharing_details: { date_time: new Date(at).toISOString() } } } },
});

/** Somebody comes, and goes unless `to` is undefined. */
export const visit = (room, name, from, to) => {
  const leg = String(++legs);
  const came = event(room, "participant_joined", from, name, leg);
  return to === undefined ? [came] : [came, event(room, "participant_left", to, name, leg)];
};

const shares = (room, name, at, leg) => event(room, "sharing_started", at, name, leg);

/** Four weeks of evenings, a few people each, and somewhat more on Fridays. */
const weeks = (room, names, seed) => {
  const roll = dice(seed), events = [];
  for (let day = 33; day >= 0; day--) {
    const evening = new Date(NOW - day * DAY), busy = [5, 6].includes(evening.getUTCDay()) ? 0.75 : 0.4;
    for (const name of names) {
      for (const [at, chance] of [[9, busy / 3], [13, busy / 2], [18, busy]]) {
        if (roll() > chance) continue;
        const from = evening.setUTCHours(0, 0, 0, 0) + at * HOUR + (roll() * 3 - 1.5) * HOUR;
        const to = from + (0.2 + roll() * 2.6) * HOUR;
        if (to < NOW - 20 * MINUTE) events.push(...visit(room, name, from, to));
      }
    }
  }
  return events;
};

const arrive = (room, names, every = 13) =>
  names.flatMap((name, place) => visit(room, name, NOW - (names.length - place) * every * MINUTE + MINUTE));

const crowd = (count) => Array.from({ length: count }, (_, i) =>
  `${NAMES[i % NAMES.length].split(" ")[0]} ${"ABCDEFGHIJKLMNOPQRSTUVWXYZ"[i % 26]}. ${NAMES[(i * 7 + 3) % NAMES.length].split(" ")[1]}`);

const room = (id, name, slug) =>
  `[[rooms]]\nmeeting_id = "${id}"\nname = "${name}"\nslug = "${slug}"\njoin_url = "https://zoom.example/j/${id}"\n`;

const LOUNGE = "81234567890", LIBRARY = "81234567891", KITCHEN = "81234567892";

/** By name: the title, further settings, and a history. */
export const SCENES = {
  empty: { rooms: room(LOUNGE, "Lounge", "lounge"), events: () => [] },
  "empty-tonight": { rooms: room(LOUNGE, "Lounge", "lounge"), events: () => weeks(LOUNGE, NAMES.slice(0, 9), 4) },
  one: {
    rooms: room(LOUNGE, "Lounge", "lounge"),
    events: () => [...weeks(LOUNGE, NAMES.slice(0, 2), 3), ...visit(LOUNGE, NAMES[0], NOW - 72 * MINUTE)],
  },
  eight: {
    rooms: room(LOUNGE, "Lounge", "lounge"),
    events: () => {
      const came = arrive(LOUNGE, NAMES.slice(0, 8));
      return [...weeks(LOUNGE, NAMES.slice(0, 10), 7), ...came,
        shares(LOUNGE, NAMES[2], NOW - 9 * MINUTE, came[2].payload.object.participant.user_id)];
    },
  },
  hundred: {
    rooms: room(LOUNGE, "Lounge", "lounge"),
    events: () => [...weeks(LOUNGE, NAMES, 9), ...arrive(LOUNGE, crowd(100), 2)],
  },
  rooms: {
    rooms: room(LOUNGE, "Lounge", "lounge") + room(LIBRARY, "Library", "library") + room(KITCHEN, "Kitchen", "kitchen"),
    settings: 'others = "counted"\n', publish: [...NAMES],
    events: () => [...weeks(LOUNGE, NAMES, 7), ...arrive(LOUNGE, NAMES.slice(0, 4)), ...weeks(LIBRARY, NAMES.slice(3, 8), 5),
      ...arrive(LIBRARY, NAMES.slice(5, 7)), ...arrive(LIBRARY, ["Somebody hidden", "Somebody else"]),
      ...weeks(KITCHEN, NAMES.slice(6), 11)],
  },
  turkish: {
    rooms: room(LOUNGE, "Salon", "salon"), language: "tr",
    events: () => {
      const came = arrive(LOUNGE, NAMES.slice(0, 5));
      return [...weeks(LOUNGE, NAMES, 7), ...came,
        shares(LOUNGE, NAMES[1], NOW - 9 * MINUTE, came[1].payload.object.participant.user_id)];
    },
  },
  odd: {
    rooms: room(LOUNGE, "Lounge", "lounge"),
    events: () => arrive(LOUNGE, ["W".repeat(200), "a ".repeat(100).trim(), "محمد علي حسن", "שלום עולם", "\u0301\u0302\u0303",
      `Z${"\u0351".repeat(60)}`, "👨\u200d👩\u200d👧\u200d👦🏳\ufe0f\u200d🌈", "\u202egnp.exe", "\u200b", "x"]),
  },
};

/** Builds the site of a scene as of `NOW` with the program; returns the directory. */
export const build = (lookout, name) => {
  const scene = SCENES[name], dir = mkdtempSync(join(tmpdir(), `lookout-scene-${name}-`));
  const publish = JSON.stringify(scene.publish ?? ["*"]);
  writeFileSync(join(dir, "lookout.toml"), `[site]\ntitle = "Lookout"\ntime_zone = "Europe/Istanbul"\nlanguage = "${scene.language ?? "en"}"\n`
    + `[privacy]\npublish = ${publish}\n${scene.settings ?? ""}${scene.rooms}`);
  const lines = scene.events().map((one) => JSON.stringify(one)).join("\n");
  const run = (args, input) => execFileSync(lookout, args, { cwd: dir, input, stdio: ["pipe", "ignore", "pipe"] });
  if (lines) run(["-q", "import", "-"], lines);
  run(["-q", "build", "--at", NOW.toISOString()]);
  return dir;
};
