"""Stands for the older script of cron: asks MongoDB for each person's last join and last leave, one
query after the other, and writes the table that Jekyll reads. It knows no breakout rooms, no lost
leaves and no meeting's end.

    table.py MONGODB TABLE
"""

import csv
import sys
from datetime import datetime, timezone

from pymongo import DESCENDING, MongoClient

NAME = "payload.object.participant.user_name"
HEADER = ["Username", "Status", "Last Join", "Last Left"]
ICON = '<i class="fa-solid fa-toggle-{}"></i>'


def last(events, kind, name):
    """The moment of somebody's last event of a kind, in milliseconds; None where there is none."""
    query = {"event": f"meeting.participant_{kind}", NAME: name}
    event = events.find_one(query, {"event_ts": 1}, sort=[("event_ts", DESCENDING)])
    # Some are text.
    return event and int(event["event_ts"])


def shown(moment_ms):
    """A moment as the table has it."""
    if moment_ms is None:
        return "N/A"
    return datetime.fromtimestamp(moment_ms / 1000, timezone.utc).strftime("%Y-%m-%d-%H:%M:%S")


def main(address, path):
    events = MongoClient(address).zoomEvents.events
    people = []
    for name in events.distinct(NAME):
        joined, left = last(events, "joined", name), last(events, "left", name)
        people.append((name, joined, left))
    people.sort(key=lambda person: max(person[1] or 0, person[2] or 0), reverse=True)
    with open(path, "w", newline="") as file:
        table = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        table.writerow(HEADER)
        for name, joined, left in people:
            is_in = joined is not None and (left is None or joined > left)
            status = ICON.format("on" if is_in else "off")
            table.writerow([name, status, shown(joined), shown(left)])


main(*sys.argv[1:])
