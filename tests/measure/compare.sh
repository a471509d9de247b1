#!/usr/bin/env bash
# Compares Lookout with what it replaces, in one run on one machine: an intake in PHP with MongoDB, a
# query for each person in Python, a table by Jekyll and by Hugo. Prints a table with ratios.
# Uses loopback only, needs 2 GB of disk and about five minutes; installs what it needs from Debian and
# PyPI. What stands for what is said at the head of each file in tests/measure/compare.
#
#   tests/measure/compare.sh                    with 100,000 events, and up to 100,000 people
#   tests/measure/compare.sh --quick            a tenth of both
#   tests/measure/compare.sh --quick pages      only Jekyll and Hugo; `events`: only the others
#
# LOOKOUT_PROGRAM names a program to use instead of the one that is built here.
set -euo pipefail
cd "$(dirname "$0")/../.."
repository=$PWD
events=100000 crowds='1000 10000 100000' runs=5 parts=
for word in "$@"; do
    case "$word" in
    --quick) events=10000 crowds='1000 10000' runs=3 ;;
    events | pages) parts+=" $word" ;;
    *) echo "compare.sh: \`$word\` is neither --quick nor events nor pages" >&2; exit 2 ;;
    esac
done

as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }
fail() { printf 'compare.sh: %s\n' "$1" >&2; exit 1; }
say() { printf '… %s\n' "$1" >&2; }

say 'installing what is compared'
tests/scripts/install.sh >&2
packages=()
command -v hugo >/dev/null || packages+=(hugo)
php_fpm() { find /usr/sbin -name 'php-fpm*' | sort | tail -n 1; }
php_has_mongodb() { [ -n "$(php_fpm)" ] && [[ "$("$(php_fpm)" -m)" == *mongodb* ]]; }
php_has_mongodb || packages+=(php-fpm php-mongodb)
if [ "${#packages[@]}" -gt 0 ]; then
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >&2
fi
[ -d target/pymongo/pymongo ] \
    || pip3 install --quiet --no-compile --target target/pymongo pymongo==4.17.0 >&2
export PYTHONPATH=$repository/target/pymongo
mongod=$repository/target/mongod/fiftyone/db/bin/mongod
python3 -c 'import pymongo' || fail 'Python finds no pymongo; remove target/pymongo and try again'
php_has_mongodb || fail 'PHP has no MongoDB; `apt-get install php-mongodb`'
lookout=${LOOKOUT_PROGRAM:-$repository/target/release/lookout}
[ -n "${LOOKOUT_PROGRAM:-}" ] || cargo build --release --locked --bin lookout
cargo build --release --locked --example simulate
simulate=$repository/target/release/examples/simulate
# The program takes what begins so for settings.
unset LOOKOUT_PROGRAM
for program in jekyll hugo "$mongod" /usr/sbin/nginx "$lookout" "$simulate"; do
    command -v "$program" >/dev/null || fail "there is no \`$program\`"
done

dir=$(mktemp -d)
# The web server's user has to be able to enter it.
chmod 755 "$dir"
started=()
# Ends what was started last.
stop() {
    local last=${started[-1]}
    unset 'started[-1]'
    kill "$last" 2>/dev/null || true
    wait "$last" 2>/dev/null || true
}
clean_up() {
    while [ "${#started[@]}" -gt 0 ]; do stop; done
    rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 1' INT TERM
cd "$dir"

# Starts a program, and waits until something listens at a port or a socket.
start() { # LOG PORT|SOCKET COMMAND…
    local log=$1 place=$2
    shift 2
    "$@" >"$log" 2>&1 &
    started+=($!)
    for _ in $(seq 300); do
        if [ -S "$place" ] || { [[ $place != */* ]] && (: >"/dev/tcp/127.0.0.1/$place") 2>/dev/null; }; then
            return
        fi
        kill -0 "${started[-1]}" 2>/dev/null || break
        sleep 0.1
    done
    tail "$log" >&2
    fail "\`$1\` did not start"
}

cat >lookout.toml <<'SETTINGS'
[zoom]
secret_token = "compared"
listen = "127.0.0.1:18817"
[admin]
listen = "127.0.0.1:18818"
[privacy]
publish = ["*"]
SETTINGS

rows=()
row() { rows+=("| $1 | $2 | $3 |"); say "$1: $2; $3"; }
# How many times A is B, in two digits: `ratio A B`.
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf (a / b < 10 ? "%.1f" : "%.0f"), a / b }'; }

# Sends the crowd to an intake: sets `rate`, in events a second, and `answered`.
send() { # PATH
    # The story ends about now: 500 people make some 2,000 events a day.
    local command=("$simulate" --url "http://127.0.0.1:18817$1" --people 500 --seed 1
        --start "$story" --concurrency 16)
    # One by itself, so that an intake that takes none is found at once.
    "${command[@]}" --events 1 --give-up-after 20s >sent && "${command[@]}" --events "$events" >sent \
        || { tail -n 5 sent ./*.log | cut -c 1-200 >&2; fail "$1 did not take every event"; }
    rate=$(sed -nE '1s/.*, ([0-9]+) per second/\1/p' sent)
    answered=$(sed -nE 's/^answered in (.*) \(p50\), (.*) \(p99\).*/p50 \1, p99 \2/p' sent)
}
story=$(date -u -d "-$((events / 2000)) days" +%Y-%m-%dT%H:%M:%SZ)
with_mongodb() { python3 - "$1" <<'PYTHON'
import sys
import pymongo
zoom = pymongo.MongoClient("mongodb://127.0.0.1:18819").zoomEvents
print(eval(sys.argv[1]))
PYTHON
}

timed() { python3 "$repository/tests/measure/timed.py" "$@" || fail "\`${*: -1}\` can't be measured"; }
ms() { echo "${1% *}"; }
shown() { awk '{ if ($1 < 1000) printf "%.0f ms", $1; else printf "%.1f s", $1 / 1000; printf ", %d MiB", $2 }' <<<"$1"; }
ours=site/_data/zoom-room-dashboard.csv
cp -r "$repository"/tests/measure/compare/* .

# The same events to each intake, and the same table of what each of them stored.
compare_events() {
    say "$events events of 500 people to each intake, by 16 connections"
    mkdir mongodb
    start mongod.log 18819 "$mongod" --dbpath mongodb --port 18819 --bind_ip 127.0.0.1
    start php-fpm.out php-fpm.sock "$(php_fpm)" --prefix . --fpm-config php-fpm.conf --allow-to-run-as-root
    start nginx.log 18817 /usr/sbin/nginx -p "$PWD" -c nginx.conf
    send /intake.php
    php=$rate
    row "events a second: PHP and MongoDB, not signed, not synced" "$rate; $answered" 1
    [ "$(with_mongodb 'zoom.events.count_documents({})')" -gt "$events" ] || fail 'MongoDB lacks events'
    send /intake-signed.php
    row "… the same, verified and \`j: true\`" "$rate; $answered" "$(ratio "$rate" "$php")"
    [ "$(with_mongodb 'zoom.signed.count_documents({})')" -gt "$events" ] || fail 'MongoDB lacks events'
    stop
    stop

    start lookout.log 18817 "$lookout" -q intake
    send /webhooks/zoom
    row "… \`lookout intake\`, verified and synced" "$rate; $answered" "$(ratio "$rate" "$php")"
    stop
    mv data data-of-intake
    start lookout.log 18817 "$lookout" -q serve
    send /webhooks/zoom
    row "… \`lookout serve\`, which makes the page meanwhile" "$rate; $answered" "$(ratio "$rate" "$php")"
    stop
    say "the table of these $events events"
    table=(python3 "$repository/tests/measure/compare/table.py" mongodb://127.0.0.1:18819 table.csv)
    # It takes a minute or two, so once has to do.
    scanning=$(timed 0 "${table[@]}")
    row "table of 500 people: Python, two queries a person" "$(shown "$scanning")" 1
    with_mongodb 'zoom.events.create_index([("payload.object.participant.user_name", 1), ("event_ts", 1)])' >created
    indexed=$(timed "$runs" "${table[@]}")
    row "… with an index that fits them" "$(shown "$indexed")" "1 / $(ratio "$(ms "$scanning")" "$(ms "$indexed")")"
    stop
    replayed=$(timed "$runs" --anew site "$lookout" -q build --replay)
    row "… \`lookout build --replay\`, page and all" "$(shown "$replayed")" "1 / $(ratio "$(ms "$scanning")" "$(ms "$replayed")")"
    built=$(timed "$runs" --anew site "$lookout" -q build)
    row "… \`lookout build\`, with its store" "$(shown "$built")" "1 / $(ratio "$(ms "$scanning")" "$(ms "$built")")"
    python3 "$repository/tests/measure/compare/alike.py" table.csv $ours || fail 'the tables are not alike'
}

# The same table as a page.
compare_pages() {
    for people in $crowds; do
        say "a page of $people people"
        rm -rf data site out
        awk -v people="$people" -v now="$(date +%s)" -f "$repository/tests/measure/crowd.awk" >crowd.jsonl
        "$lookout" -q import crowd.jsonl
        "$lookout" -q build
        mkdir -p jekyll/_data
        cp $ours jekyll/_data/room.csv
        cp $ours hugo/room.csv
        jekyll=$(timed "$runs" --anew out jekyll build --quiet --disable-disk-cache -s jekyll -d out)
        [ "$(grep -c '^<tr><td>' out/index.html)" -eq "$people" ] || fail 'Jekyll made another table'
        hugo=$(timed "$runs" --anew out hugo --quiet --source hugo --destination "$PWD/out")
        [ "$(grep -c '^<tr><td>' out/index.html)" -eq "$people" ] || fail 'Hugo made another table'
        built=$(timed "$runs" --anew site "$lookout" -q build)
        [ "$(grep -c '<bdi>' site/lookout/index.html)" -ge "$people" ] || fail 'Lookout made another table'
        row "page of $people people: Jekyll, the table only" "$(shown "$jekyll")" 1
        row "… Hugo, the table only" "$(shown "$hugo")" "1 / $(ratio "$(ms "$jekyll")" "$(ms "$hugo")")"
        row "… \`lookout build\`, everything" "$(shown "$built")" "1 / $(ratio "$(ms "$jekyll")" "$(ms "$built")")"
    done
}

for part in ${parts:-events pages}; do "compare_$part"; done

printf '\n`tests/measure/compare.sh%s`, %s, %s cores (%s), load %s; %s, %s, MongoDB %s, %s\n\n' "${*:+ $*}" "$(date +%F)" \
    "$(nproc)" "$(sed -nE 's/^model name\s*: //p' /proc/cpuinfo | head -n 1)" "$(cut -d' ' -f1 /proc/loadavg)" \
    "$(php_fpm | sed 's/.*php-fpm/PHP /')" "$(jekyll --version)" \
    "$("$mongod" --version | sed -nE '1s/.* v//p')" "$(hugo version | sed -nE 's/hugo v([0-9.]*).*/Hugo \1/p')"
printf '| what | measured | ratio |\n|---|---|---|\n'
printf '%s\n' "${rows[@]}"
