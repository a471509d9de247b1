// For a template's author: shows a fault over the page, and loads the page again once it is another.
"use strict";
const source = new EventSource(document.currentScript.src.replace(/js$/, "events"));
let loaded, cover;
const show = (fault) => {
  cover?.remove();
  cover = undefined;
  if (!fault) return;
  cover = document.createElement("pre");
  cover.id = "lookout-fault";
  cover.setAttribute("role", "alert");
  cover.textContent = fault;
  Object.assign(cover.style, {
    position: "fixed", inset: "0", zIndex: "2147483647", margin: "0", padding: "2rem", overflow: "auto",
    background: "#1b1d26f2", color: "#ffd7d7", font: "1rem/1.5 ui-monospace, monospace", whiteSpace: "pre-wrap",
  });
  document.body.append(cover);
};
source.onmessage = (event) => {
  const { version, fault } = JSON.parse(event.data);
  if (loaded !== undefined && loaded !== version) return location.reload();
  loaded = version;
  show(fault);
};
