// Reads texts as the chats do: `node read.mjs < texts.json > readings.json`.
//
// Each text, `{chat, text}`, gives a list of readings, one for each program that shows it:
// the `words` a person sees, the `links` among them, and `acts`: everything else that the
// text does, such as a mention, an emoji, or something bold.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(import.meta.url);
const { Parser } = require("@mattermost/commonmark");
const marked = require("marked");
const discord = require("discord-markdown-parser");
const slack = require("slack-markdown");

// Mattermost on a telephone: its own fork of commonmark.js.
function mattermostMobile(text) {
  const reading = { words: "", links: [], acts: [] };
  const walker = new Parser({ minimumHashtagLength: 3 }).parse(text).walker();
  for (let event = walker.next(); event; event = walker.next()) {
    if (!event.entering) continue;
    const { type, literal, destination } = event.node;
    if (type === "text") reading.words += literal;
    else if (type === "softbreak") reading.words += "\n";
    else if (type === "link") reading.links.push(destination);
    else if (!["document", "paragraph"].includes(type)) reading.acts.push(type);
  }
  return reading;
}

// Mattermost in a browser: it forked `marked` 0.3, and looks for more in what that leaves.
function mattermostWeb(text) {
  const html = marked(text, { gfm: true, tables: true, breaks: true, sanitize: true, mangle: false });
  return fromHtml(html, (rest) => {
    const patterns = {
      mention: /@[a-z0-9._-]/i,
      channel: /~[a-z0-9]/i,
      hashtag: /#\p{L}/u,
      emoji: /:[\w+-]+:/,
      emoticon: /(?<!\w)([:;]['’]?-?[)(\]|[/\\$@]|:-?[dopsx](?!\w)|x-d(?!\w))/i,
      heart: /(&lt;|<)\/?3/,
      latex: /\$[^$\n]+\$/,
    };
    // Unlike the others, addresses are looked for before anything is unescaped.
    const address = /[a-z][a-z\d.+-]*:(\/|[\p{L}\d%])|www\d{0,3}\.|[\p{L}\d.-]+\.\p{L}{2,4}\//iu;
    const ours = /\]\([^)]*\)/g;
    const acts = Object.keys(patterns).filter((name) => patterns[name].test(rest));
    return address.test(text.replace(ours, "]")) ? [...acts, "address"] : acts;
  });
}

function slackApp(text) {
  return fromHtml(slack.toHTML(text, { escapeHTML: false }), (rest) => {
    const patterns = { mention: /@[a-z0-9._-]/i, channel: /#[a-z0-9]/i, emoji: /:[\w+-]+:/, address: /[a-z\d]\.[a-z]{2,}/i };
    return Object.keys(patterns).filter((name) => patterns[name].test(rest));
  });
}

// What a reader sees of `html`; `look` finds what else acts in the text between the tags.
function fromHtml(html, look) {
  const links = [...html.matchAll(/<a href="([^"]*)"/g)].map((match) => match[1].replaceAll("&amp;", "&"));
  const tags = [...html.matchAll(/<([a-z]\w*)/gi)].map((match) => match[1]);
  const acts = tags.filter((tag) => !["p", "br", "a"].includes(tag));
  const rest = html.replace(/<br\s*\/?>/g, "\n").replace(/<[^>]*>/g, "").trimEnd();
  const entities = { lt: "<", gt: ">", quot: '"', "#39": "'", "#36": "$", "#92": "\\", amp: "&" };
  const words = rest.replace(/&(#?\w+);/g, (whole, name) => entities[name] ?? whole);
  return { words, links, acts: [...acts, ...look(rest)] };
}

function discordApp(text) {
  const reading = { words: "", links: [], acts: [] };
  const read = (nodes) => nodes.forEach((node) => {
    if (["text", "twemoji"].includes(node.type)) return void (reading.words += node.content ?? node.name);
    if (["br", "newline"].includes(node.type)) return void (reading.words += "\n");
    if (["link", "url"].includes(node.type)) reading.links.push(node.target);
    else reading.acts.push(node.type);
    if (Array.isArray(node.content)) read(node.content);
  });
  read(discord.parse(text, "extended"));
  return reading;
}

const chats = {
  mattermost: { mattermostMobile, mattermostWeb },
  slack: { slackApp },
  discord: { discordApp },
};

const texts = JSON.parse(readFileSync(0, "utf8"));
const readings = texts.map(({ chat, text }) =>
  Object.entries(chats[chat]).map(([program, read]) => ({ program, ...read(text) })));
process.stdout.write(JSON.stringify(readings));
