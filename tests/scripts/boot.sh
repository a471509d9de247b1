#!/usr/bin/env bash
# Follows the guide's page on setup on a whole Debian 12 that is booted for it: systemd is process 1 there, nginx
# serves the page, and the service runs in its sandbox. Installed, set up, checked, restarted and
# upgraded under load, backed up and put back, its secret changed, somebody forgotten, removed,
# purged. The network in it ends at its own loopback. Needs root, a mirror of Debian, and some
# minutes for the first time; the system is kept in target/boot.
#
#   tests/scripts/boot.sh                the package as users get it
#   PROFILE=dev tests/scripts/boot.sh    quickly
#   PACKAGE=FILE tests/scripts/boot.sh   one that was built before
set -euo pipefail
exec 3>&1
cd "$(dirname "$0")/../.."
# shellcheck source=tests/scripts/debian.sh
. tests/scripts/debian.sh

host=lounge.example.org
package=${PACKAGE:-$(.debian/build.sh | tail -n 1)}
[ -s "$package" ] || { echo "there is no package at $package" >&2; exit 1; }
needs systemd-nspawn systemd-container
fresh=$PWD/target/boot
[ -e "$fresh/booted" ] || {
    debian "$fresh/root" systemd,systemd-sysv,dbus,nginx-light,curl,openssl,ca-certificates,adduser
    touch "$fresh/booted"
}

scratch=$(mktemp -d /var/tmp/lookout-boot.XXXXXX)
root=$scratch/root
as_root cp -a "$fresh/root" "$root"
as_root cp "$package" "$root/root/lookout.deb"
echo "127.0.0.1 $host" | as_root tee -a "$root/etc/hosts" > /dev/null

# Boots it in name spaces of its own; `register=no` because there may be no systemd out here.
as_root env SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 systemd-nspawn --quiet --register=no --keep-unit \
    --private-network --console=pipe --machine=lookout-boot -b -D "$root" \
    < /dev/null > "$scratch/console" 2>&1 &
nspawn=$!
booted=
end() {
    # Halted from inside, it ends in order, and so does what runs in it.
    [ -z "$booted" ] || inside systemctl halt --force > /dev/null 2>&1 || true
    for _ in $(seq 100); do kill -0 "$nspawn" 2> /dev/null || break; sleep 0.1; done
    # Without its process 1 nothing of it lives on.
    [ -z "$booted" ] || as_root kill -KILL "$booted" 2> /dev/null || true
    wait "$nspawn" || true
    as_root rm -rf "$scratch"
}
trap end EXIT
inside() { # COMMAND…: runs it in the booted system
    as_root nsenter --target "$booted" --mount --uts --ipc --net --pid --cgroup -- \
        env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}
in_shell() { inside bash -c "$1"; }

# The first child of nspawn is the booted system's process 1.
child() { ps -o pid= --ppid "$1" | head -n 1 | tr -d ' '; }
is_up() {
    local first=$nspawn
    while [ -n "$first" ] && [ "$(cat "/proc/$first/comm" 2> /dev/null)" != systemd ]; do first=$(child "$first"); done
    booted=$first
    [ -n "$booted" ] && inside systemctl is-system-running --wait > /dev/null 2>&1
}
for _ in $(seq 60); do ! is_up || break; sleep 0.5; done
[ -n "$booted" ] || { cat "$scratch/console"; exit 1; }
expect "a Debian with systemd $(inside systemctl --version | awk 'NR == 1 { print $2 }') is up" is_up

# Zoom, as far as it matters here: delivers BODY signed with TOKEN, and prints how that was answered.
as_root tee "$root/usr/local/bin/zoom" > /dev/null <<'ZOOM'
#!/bin/bash
at=$(date +%s)
signature=$(printf 'v0:%s:%s' "$at" "$1" | openssl dgst -sha256 -hmac "${TOKEN:-the-first-token}" | sed 's/.*= //')
curl -s -m 10 -o /dev/null -w '%{http_code}\n' -H 'content-type: application/json' -H "x-zm-request-timestamp: $at" \
    -H "x-zm-signature: v0=$signature" --data "$1" https://lounge.example.org/webhooks/zoom
ZOOM
# Delivers one event after the other until /tmp/over is there, and counts the answers.
as_root tee "$root/usr/local/bin/zoom-under-load" > /dev/null <<'LOAD'
#!/bin/bash
rm -f /tmp/over
while [ ! -e /tmp/over ]; do
    n=$((n + 1))
    zoom '{"event":"x.y","event_ts":1,"payload":{"object":{"id":"'"$BASHPID-$n"'"}}}'
done | sort | uniq -c > /tmp/answers
LOAD
as_root chmod 755 "$root/usr/local/bin/zoom" "$root/usr/local/bin/zoom-under-load"
joins() { # NAME [TOKEN]: somebody comes; prints the answer
    local now; now=$(date -u +%FT%TZ)
    inside env TOKEN="${2:-the-first-token}" zoom '{"event":"meeting.participant_joined","event_ts":'"$(date +%s)"'000,"payload":{"object":{"uuid":"m","id":"1","participant":{"user_id":"'"$1"'","user_name":"'"$1"'","join_time":"'"$now"'"}}}}'
}
shows() { # NAME: whether the page has it, soon
    for _ in $(seq 50); do
        ! inside curl -s "https://$host/lookout/" | grep -q "$1" || return 0
        sleep 0.1
    done
    return 1
}
hides() { # NAME: whether the page has it no longer, soon
    for _ in $(seq 50); do
        inside curl -s "https://$host/lookout/" | grep -q "$1" || return 0
        sleep 0.1
    done
    return 1
}
active() { inside systemctl is-active --quiet "$@"; }
under_load() { # COMMAND: runs it while Zoom delivers; whether nothing but 204 was answered
    inside zoom-under-load &
    local load=$!
    sleep 1
    in_shell "$1" > /dev/null 2>&1
    sleep 1
    inside touch /tmp/over
    wait "$load"
    in_shell 'test "$(wc -l < /tmp/answers)" = 1 && grep -q " 204$" /tmp/answers'
}

expect 'the package installs' inside apt-get install -y -qq /root/lookout.deb
expect 'it waits for its settings' not active lookout

# Started too early, it says what is missing, and so does the doctor.
in_shell 'systemctl start lookout' > /dev/null 2>&1 || true
expect 'without a secret it does not start' not active lookout
in_shell 'lookout check > /tmp/early; true'
expect 'the doctor says what is missing' inside grep -q '^✗ secret    is empty' /tmp/early
expect 'and who has the port' inside grep -q '^! ports     systemd holds 127.0.0.1:8787 for Lookout' /tmp/early

inside sed -i -e 's/^secret_token = ""/secret_token = "the-first-token"/' -e 's/^publish = .*/publish = ["*"]/' \
    -e "s|^#base_url = .*|base_url = \"https://$host\"|" /etc/lookout/lookout.toml
expect 'it starts' inside systemctl enable --now lookout
expect 'with its socket' active lookout lookout.socket

# In place of certbot: an authority that this machine trusts.
# shellcheck disable=SC2016
in_shell 'set -e; cd /root; live=/etc/letsencrypt/live/'"$host"'; mkdir -p "$live"
key="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
openssl req -x509 $key -keyout ca.key -out ca.pem -subj /CN=Authority -days 2
openssl req $key -keyout "$live/privkey.pem" -out site.csr -subj /CN='"$host"'
openssl x509 -req -in site.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out "$live/fullchain.pem" \
    -extfile <(printf "subjectAltName=DNS:'"$host"'\nbasicConstraints=CA:FALSE\n")
cp ca.pem /usr/local/share/ca-certificates/authority.crt; update-ca-certificates
# Nobody keeps the clock of what is booted within another system.
mkdir -p /run/systemd/timesync; touch /run/systemd/timesync/synchronized' > /dev/null 2>&1
in_shell 'lookout print nginx --pages ada.github.io > /etc/nginx/conf.d/lookout.conf'
in_shell "sed -i '/^worker_rlimit_nofile/d; s/^events/worker_rlimit_nofile 16384;\n&/; s/worker_connections .*/worker_connections 4096;/' /etc/nginx/nginx.conf"
expect 'nginx takes the printed file' in_shell 'nginx -t && systemctl reload nginx'
# A reload returns before nginx listens on new ports.
expect 'nginx listens' in_shell "curl -s -o /dev/null --retry 50 --retry-delay 1 --retry-connrefused https://$host/lookout/"
all_is_well() { # whether `check` finds nothing; prints what it finds
    inside lookout check > "$scratch/check" || true
    ! grep -v '^✓' "$scratch/check" >&3
}
expect 'the doctor finds nothing wrong' all_is_well
expect 'the sandbox is tight' in_shell 'systemd-analyze security lookout.service --no-pager | grep -q "level for lookout.service: [01]\."'

expect 'Zoom is answered' test "$(joins Ada)" = 204
expect 'the page shows who came' shows Ada
expect 'three restarts under load refuse nobody' under_load 'for i in 1 2 3; do systemctl restart lookout; sleep 0.5; done'
expect 'an upgrade under load refuses nobody' under_load 'apt-get install -y -qq --reinstall /root/lookout.deb'
expect 'it runs' active lookout lookout.socket

# Its secret in a file that only root may read.
in_shell 'printf "the-first-token\n" > /etc/lookout/zoom-token; chmod 600 /etc/lookout/zoom-token
sed -i "s/^secret_token = .*/secret_token_file = \"zoom-token\"/" /etc/lookout/lookout.toml; lookout check > /tmp/unit; true'
expect 'the doctor sees that the unit has to know' inside grep -q '^✗ unit .*lacks `LoadCredential=zoom-token-' /tmp/unit
in_shell 'lookout print systemd > /etc/systemd/system/lookout.service; systemctl daemon-reload'
expect 'with a unit printed anew it starts' inside systemctl restart lookout
expect 'and all is well' all_is_well
expect 'the service reads the copy' test "$(joins Grace)" = 204

# Forgetting, a backup, and putting it back, beside the running service.
expect 'somebody is forgotten' inside lookout forget --yes Ada
expect 'and the page has them no longer' hides Ada
expect 'a backup is made' inside lookout backup /var/backups/lookout.db
expect 'Zoom is answered' test "$(joins Edsger)" = 204
expect 'the page shows who came' shows Edsger
inside systemctl stop lookout.socket lookout
expect 'it is restored' inside lookout restore /var/backups/lookout.db
inside systemctl start lookout
expect 'the backup is put back' shows Grace
expect 'and what came after it is gone' hides Edsger

# Another secret. While nobody listens Zoom is told to come again.
inside systemctl stop lookout.socket lookout
expect 'stopped, it stays so' not active lookout
expect 'Zoom is to send again' test "$(joins Barbara)" = 502
expect 'visitors see the page that was there' shows Grace
in_shell 'printf "the-second-token\nthe-first-token\n" > /etc/lookout/zoom-token; systemctl start lookout'
expect 'both secrets count' test "$(joins Barbara) $(joins Donald the-second-token)" = '204 204'

inside apt-get remove -y -qq lookout > /dev/null 2>&1
expect 'removed, it is stopped' not active lookout
expect 'nor does its socket wait' not active lookout.socket
expect 'its data is there' inside test -s /var/lib/lookout/lookout.db
inside apt-get purge -y -qq lookout > /dev/null 2>&1
expect 'purged, nothing is left' in_shell '! test -e /etc/lookout && ! test -e /var/lib/lookout && ! grep -q ^lookout: /etc/passwd'
