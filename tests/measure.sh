#!/usr/bin/env bash
# Measures what the guide says of speed and size, on this machine, and prints it as a table.
# Needs curl, node, python3 and about 2 GB of disk; takes some minutes. Uses loopback only.
#
#   tests/measure.sh              with a log of 100,000 and of 1,000,000 events
#   tests/measure.sh 100000       with one of these only
#   tests/measure.sh people       only how long a site of many people takes to build
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --locked --bin lookout --example simulate
lookout=$PWD/target/release/lookout
simulate=$PWD/target/release/examples/simulate
latency=$PWD/tests/measure/latency.mjs
crowd=$PWD/tests/measure/crowd.awk
timed=$PWD/tests/measure/timed.py
dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$dir"' EXIT
cd "$dir"

cat >lookout.toml <<'SETTINGS'
[zoom]
secret_token = "measured"
listen = "127.0.0.1:18787"
[admin]
listen = "127.0.0.1:18788"
[privacy]
publish = ["*"]
SETTINGS

serve() {
    "$lookout" -q serve &
    server=$!
    until curl -fs http://127.0.0.1:18788/healthz >/dev/null; do sleep 0.05; done
}
stop() { kill "$server"; wait "$server" 2>/dev/null || true; server=; }
row() { printf '| %s | %s |\n' "$1" "$2"; }

# The median wall time, in ms, of five runs after a first one.
median_ms() { python3 "$timed" 5 "$@" | awk '{ printf "%s ms", $1 }'; }

# The median wall time of five builds into an empty directory, and the most memory of any.
build_anew() {
    python3 "$timed" 5 --anew site "$lookout" -q build | awk '{ printf "%s ms, %s MiB", $1, $2 }'
}

for people in 100 1000 10000 100000; do
    rm -rf data site
    awk -v people="$people" -v now="$(date +%s)" -f "$crowd" >crowd.jsonl
    "$lookout" -q import crowd.jsonl
    row "$people people: \`build\` into an empty directory" "$(build_anew)"
done
[ "${1:-}" != people ] || exit 0

webhook=http://127.0.0.1:18787/webhooks/zoom
[ $# -gt 0 ] || set -- 100000 1000000
for events in "$@"; do
    rm -rf data site
    # The story ends about now: 500 people make some 2,000 events a day.
    start=$(date -u -d "-$((events / 2000)) days" +%Y-%m-%dT%H:%M:%SZ)
    serve
    "$simulate" --url $webhook \
        --events "$events" --people 500 --seed 1 --start "$start" --concurrency 64 >summary
    sleep 2
    memory=$(awk '/VmHWM/ { printf "%.0f MiB", $2 / 1024 }' "/proc/$server/status")
    stop
    sed "s/^/    /" summary
    row "$events events: memory of \`serve\`, at most" "$memory"
    row "$events events: \`build\` with its store" "$(median_ms "$lookout" -q build)"
    row "$events events: \`build --replay\`" "$(median_ms "$lookout" -q build --replay)"
    row "$events events: journal" "$(du -m data/lookout.db | cut -f1) MB"
    serve
    sleep 2
    row "$events events: memory of \`serve\`, started anew" \
        "$(awk '/VmRSS/ { printf "%.0f MiB", $2 / 1024 }' "/proc/$server/status")"
    stop
done
serve
row 'answer to page, a delivery every 2 s' "$(node "$latency" "$webhook" measured site 30)"
stop
row 'binary' "$(du -b "$lookout" | awk '{ printf "%.1f MiB", $1 / 1048576 }')"
