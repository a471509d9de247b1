#!/usr/bin/env bash
# Makes tests/versions/NAME by the lookout PROGRAM: what that version leaves on disk after the evening of
# tests/deliveries, and what it says of it.
set -euo pipefail
program=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
directory=$here/$2
mkdir "$directory"
cd "$directory"
cp ../lookout.toml .
for delivery in "$here"/../deliveries/*.json; do
    case $delivery in *endpoint.url_validation*) continue ;; esac
    # A delivery is a line, unless it has line breaks itself.
    tr -d '\n' <"$delivery"
    echo
done | "$program" import - || true
timeout --signal=TERM 5 "$program" serve || true
"$program" build
"$program" export >expected.jsonl
mv site/_data/zoom-room-dashboard.csv expected.csv
rm -r site
rm -f data/*-wal data/*-shm data/*lock*
