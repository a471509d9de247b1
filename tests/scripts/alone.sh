# shellcheck shell=bash
# What the tests of the static program and of the image share; to be read in by them, not run.

# shellcheck source=tests/scripts/debian.sh
. tests/scripts/debian.sh

# Runs the script again, as root in a network of its own that ends at its loopback.
[ "${LOOKOUT_ALONE:-}" = 1 ] || {
    needs unshare util-linux
    needs ip iproute2
    needs curl curl
    needs openssl openssl
    as_root env LOOKOUT_ALONE=1 "PATH=$PATH" "HOME=$HOME" "PROFILE=${PROFILE:-dist}" unshare --net --mount --pid --fork \
        --kill-child bash "$0" "$@"
    exit
}
ip link set lo up

# Zoom, as far as it matters here: delivers that somebody came, and prints how that was answered.
joins() { # NAME
    local at body signature
    at=$(date +%s)
    body='{"event":"meeting.participant_joined","event_ts":'"${at}000"',"payload":{"object":{"uuid":"m","id":"1","participant":{"user_id":"'"$1"'","user_name":"'"$1"'","join_time":"'"$(date -u +%FT%TZ)"'"}}}}'
    signature=$(printf 'v0:%s:%s' "$at" "$body" | openssl dgst -sha256 -hmac a-token | sed 's/.*= //')
    curl -s -m 10 -o /dev/null -w '%{http_code}\n' -H 'content-type: application/json' \
        -H "x-zm-request-timestamp: $at" -H "x-zm-signature: v0=$signature" --data "$body" http://127.0.0.1:8787/webhooks/zoom
}
soon() { # COMMAND…: whether it succeeds within ten seconds
    for _ in $(seq 100); do ! "$@" > /dev/null 2>&1 || return 0; sleep 0.1; done
    return 1
}
shows() { curl -s http://127.0.0.1:8787/lookout/ | grep -q "$1"; } # NAME: whether the page has it
