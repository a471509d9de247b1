#!/usr/bin/env bash
# Runs the static program in an empty directory as its root: no library, no certificates, no time zones, no `/etc`, no
# `/tmp`. The network ends at its own loopback, where there are a DNS server and a chat with TLS.
# Needs root, or sudo.
#
#   tests/scripts/static.sh                the program as users get it
#   PROFILE=dev tests/scripts/static.sh    quickly
set -euo pipefail
cd "$(dirname "$0")/../.."
# Built outside: a build may have to fetch something.
PROGRAM=${PROGRAM:-$(.release/build.sh | tail -n 1)}
export PROGRAM
# shellcheck source=tests/scripts/alone.sh
. tests/scripts/alone.sh

scratch=$(mktemp -d)
trap 'kill $(jobs -p) 2> /dev/null || true; wait; rm -rf "$scratch"' EXIT
root=$scratch/root
mkdir "$root"
cp "$PROGRAM" "$root/lookout"
# Without the environment out here.
lookout=(env -i TMPDIR=/ "$(command -v chroot)" "$root" /lookout)
trusting=(env -i TMPDIR=/ SSL_CERT_FILE=/ca.pem "$(command -v chroot)" "$root" /lookout)

expect "the program is $(($(stat -c %s "$PROGRAM") >> 10)) KiB" test -s "$PROGRAM"
expect 'it asks for no library and no loader' not grep -qE 'NEEDED|INTERP' <(readelf --wide --dynamic --program-headers "$PROGRAM")
expect 'it runs in an empty directory' "${lookout[@]}" --version
"${lookout[@]}" -q demo --once --seed 1 > "$scratch/demo"
expect 'the demo makes its table' grep -q '^Username  *Status  *Last Join  *Last Left' "$scratch/demo"

# A DNS server that knows one name, and a chat of that name.
python3 tests/scripts/static.py "$scratch" &
expect 'the chat is there' soon test -s "$scratch/ca.pem"
"${lookout[@]}" -q init --state-dir /state / 2> /dev/null
sed -i -e 's/^secret_token = ""/secret_token = "a-token"/' -e 's/^publish = .*/publish = ["*"]/' \
    -e 's|^#time_zone = .*|time_zone = "Europe/Istanbul"|' "$root/lookout.toml"
printf '[[notify]]\nkind = "webhook"\nurl = "https://chat.example.org:8443/hook"\n' >> "$root/lookout.toml"

"${lookout[@]}" notify --test > "$scratch/said" || true
expect 'without certificates it trusts the authorities in the program, so not this one' \
    grep -q 'does not trust the authority' "$scratch/said"
cp "$scratch/ca.pem" "$root/ca.pem"
is_taken() { "${trusting[@]}" notify --test | grep -q 'the sample was taken'; }
expect 'a chat is found by DNS and reached by TLS' is_taken
mkdir "$root/etc"
echo 'hosts: resolve mymachines [!UNAVAIL=return]' > "$root/etc/nsswitch.conf"
expect 'also where the system has other sources of names' is_taken
rm -r "${root:?}/etc"

"${trusting[@]}" serve 2> "$scratch/log" &
expect 'it serves' soon curl -sf http://127.0.0.1:8788/healthz
expect 'it says that it is alive' "${lookout[@]}" check --alive
expect 'Zoom is answered' test "$(joins Ada)" = 204
expect 'the page shows who came' soon shows Ada
expect 'the chat is told' soon grep -q Ada "$scratch/told"
hour=$(TZ=Europe/Istanbul date +%F-%H)
expect 'the table has the hour of Istanbul' grep -q "\"Ada\".*\"$hour:" "$root/state/site/_data/zoom-room-dashboard.csv"
