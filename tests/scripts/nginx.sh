#!/usr/bin/env bash
# Whether the nginx of other Debians takes what `lookout print nginx` prints: 1.18 of Debian 11, 1.26 of
# Debian 13, and the newest, of Debian unstable. Needs root, a mirror of Debian, and some minutes.
#
#   tests/scripts/nginx.sh            all of them
#   tests/scripts/nginx.sh bullseye   one
set -euo pipefail
cd "$(dirname "$0")/../.."

# shellcheck source=tests/scripts/debian.sh
. tests/scripts/debian.sh

cargo build --locked --quiet
lookout=$PWD/target/debug/lookout
work=$(mktemp -d /var/tmp/lookout-nginx.XXXXXX)
trap 'as_root rm -rf "$work"' EXIT
printf '[site]\nbase_url = "https://lounge.example"\noutput_dir = "/srv/site"\n' > "$work/lookout.toml"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=lounge.example \
    -keyout "$work/privkey.pem" -out "$work/fullchain.pem" 2> /dev/null
own=(--certificate /etc/letsencrypt/live/lounge.example/fullchain.pem --key /etc/letsencrypt/live/lounge.example/privkey.pem)

take() { # ROOT WHAT EXPECTED OPTION…: `nginx -t` succeeds and says EXPECTED, or nothing
    local root=$1 what=$2 expected=$3 said
    shift 3
    "$lookout" -c "$work/lookout.toml" print nginx --pages ada.github.io --resolver 127.0.0.1 "$@" > "$work/lookout.conf"
    as_root cp "$work/lookout.conf" "$root/etc/nginx/conf.d/lookout.conf"
    said=$(as_root chroot "$root" /usr/sbin/nginx -t -q 2>&1) || { printf '✗ %s\n%s\n' "$what" "$said"; exit 1; }
    [ -z "$expected" ] || said=$(grep -v "$expected" <<< "$said" || true)
    [ -z "$said" ] || { printf '✗ %s\n%s\n' "$what" "$said"; exit 1; }
    printf '✓ %s\n' "$what"
}

[ $# -gt 0 ] || set -- bullseye trixie sid
for suite in "$@"; do
    root=$work/$suite
    SUITE=$suite debian "$root" nginx-core,ca-certificates
    live=$root/etc/letsencrypt/live/lounge.example
    as_root mkdir -p "$live"
    as_root cp "$work"/{privkey,fullchain}.pem "$live"
    version=$(as_root chroot "$root" /usr/sbin/nginx -v 2>&1 | sed 's|.*/||; s| .*||')
    take "$root" "nginx $version, as it is printed" 'directive is deprecated'
    take "$root" "nginx $version, printed for it" '' --nginx-version "$version"
    take "$root" "nginx $version, behind Cloudflare" '' --nginx-version "$version" --behind cloudflare "${own[@]}"
    take "$root" "nginx $version, behind a proxy, for members" '' --http --behind 10.0.0.0/8 2001:db8::7 --members /etc/members --public-badge
done
