// Keeps a framed page current: asks now and then while it is seen, and replaces what changed.
"use strict";
let etag;
const refresh = async () => {
  if (document.hidden) return;
  const headers = etag ? { "If-None-Match": etag } : {};
  const answer = await fetch(location.pathname, { cache: "no-store", headers });
  if (answer.status !== 200) return;
  etag = answer.headers.get("ETag");
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const [there, fresh] = [document, page].map((of) => of.getElementById("room"));
  if (there.innerHTML !== fresh.innerHTML) there.replaceWith(fresh);
  document.title = page.title;
};
// Not all frames at the same time.
const again = () => setTimeout(() => refresh().catch(() => {}).then(again), 25e3 + Math.random() * 1e4);
again();
document.addEventListener("visibilitychange", () => refresh().catch(() => {}));
