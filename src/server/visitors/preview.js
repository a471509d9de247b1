// For a template's author: shows a fault over the page, and loads the page again once it is another.
"use strict";
const source = new EventSource(document.currentScript.src.replace(/js$/, "events"));
let loaded, cover;
const element = (kind, text, style) => {
  const made = document.createElement(kind);
  made.textContent = text;
  Object.assign(made.style, style);
  return made;
};
const show = (fault) => {
  cover?.remove();
  cover = undefined;
  if (!fault) return;
  cover = element("div", "", {
    position: "fixed", inset: "0", zIndex: "2147483647", overflow: "auto", padding: "clamp(1rem, 6vmin, 4rem)",
    background: "#14151acc", backdropFilter: "blur(3px)", colorScheme: "dark", textAlign: "start",
  });
  cover.id = "lookout-fault";
  cover.setAttribute("role", "alert");
  const card = element("div", "", {
    maxWidth: "64rem", margin: "auto", padding: "1.5rem 2rem", borderRadius: "1rem", borderTop: ".4rem solid #f2606a",
    background: "#25262b", color: "#f0f1f4", font: "1rem/1.5 system-ui, sans-serif", boxShadow: "0 1rem 3rem #0008",
  });
  card.append(
    element("p", "There is a mistake", { margin: "0 0 1rem", font: "600 1.35rem/1.25 system-ui, sans-serif" }),
    element("pre", fault, { margin: "0", overflow: "auto", font: ".9375rem/1.6 ui-monospace, monospace", whiteSpace: "pre-wrap" }),
    element("p", "Behind this is the site as it was made last. It comes back by itself once the mistake is mended.",
      { margin: "1.25rem 0 0", color: "#abafba", fontSize: ".875rem" }),
  );
  cover.append(card);
  document.body.append(cover);
};
source.onmessage = (event) => {
  const { version, fault } = JSON.parse(event.data);
  if (loaded !== undefined && loaded !== version) return location.reload();
  loaded = version;
  show(fault);
};
