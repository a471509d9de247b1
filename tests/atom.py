"""Reads a feed as a reader would: `atom.py FEED`. Fails where one would stumble, or lose its place."""

import sys
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parent.parent / "target/feedparser"))
import feedparser

feed = feedparser.parse(Path(sys.argv[1]).read_bytes())
assert not feed.bozo, feed.bozo_exception
assert feed.version == "atom10", feed.version
ids = [feed.feed.id, *(entry.id for entry in feed.entries)]
assert len(set(ids)) == len(ids), f"two have one id: {ids}"
times = [entry.updated for entry in feed.entries]
assert times == sorted(times, reverse=True), f"not the latest first: {times}"
assert feed.feed.updated == max(times, default=feed.feed.updated), f"{feed.feed.updated}, but {times}"
for of in [feed.feed, *feed.entries]:
    for link in of.links:
        assert urlsplit(link.href).scheme in ("http", "https"), f"not absolute: {link.href}"
assert {link.rel for link in feed.feed.links} == {"self", "alternate"}
for entry in feed.entries:
    assert entry.title and entry.updated == entry.published, entry
print(len(feed.entries), "entries")
