#!/usr/bin/env bash
# Examines the container image: made twice it is the same; skopeo and umoci, which share no line with what made it,
# read and unpack it; and it serves, as its user, with what the image says. The network ends at its own loopback.
# Needs root, or sudo.
#
#   tests/scripts/image.sh                the image as users get it
#   PROFILE=dev tests/scripts/image.sh    quickly
set -euo pipefail
cd "$(dirname "$0")/../.."
PROGRAM=${PROGRAM:-$(.release/build.sh | tail -n 1)}
export PROGRAM
# shellcheck source=tests/scripts/debian.sh
. tests/scripts/debian.sh
needs skopeo skopeo
needs umoci umoci
needs jq jq
# shellcheck source=tests/scripts/alone.sh
. tests/scripts/alone.sh

scratch=$(mktemp -d)
trap 'kill $(jobs -p) 2> /dev/null || true; wait; rm -rf "$scratch"' EXIT
made() { .release/image.sh "$@" | tail -n 1; }
sum() { sha256sum < "$1"; }

here=$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
both=$(made "amd64=$PROGRAM" "arm64=$PROGRAM")
mkdir "$scratch/both" && tar -xf "$both" -C "$scratch/both"
for architecture in amd64 arm64; do
    expect "one image of two has that of $architecture" \
        skopeo --override-arch "$architecture" inspect "oci:$scratch/both"
done
archive=$(made "$here=$PROGRAM")
first=$(sum "$archive")
touch "$PROGRAM"
expect 'the same program makes the same image' test "$(sum "$(made "$here=$PROGRAM")")" = "$first"
expect "the image is $(($(stat -c %s "$archive") >> 10)) KiB" test -s "$archive"

mkdir "$scratch/layout" && tar -xf "$archive" -C "$scratch/layout"
expect 'each blob has the digest that it is named by' \
    sh -c "cd '$scratch/layout/blobs/sha256' && for blob in *; do echo \"\$blob  \$blob\"; done | sha256sum --check --strict"
expect 'skopeo reads it' skopeo inspect "oci:$scratch/layout"
version=$("$PROGRAM" --version | cut -d ' ' -f 2)
expect 'umoci unpacks it' umoci unpack --image "$scratch/layout:$version" "$scratch/bundle"
root=$scratch/bundle/rootfs
expect 'nothing but the program, two tables of users and three directories is in it' \
    test "$(cd "$root" && find . -type f -o -type d -empty | sort | xargs)" = './bin/lookout ./data ./etc/group ./etc/passwd ./site ./tmp'

process() { jq -r ".process.$1" "$scratch/bundle/config.json"; } # PATH: how the image says it is run
user=$(process user.uid)
expect "its user is $user, nobody special" test "$user:$(process user.gid)" = 65532:65532
mapfile -t environment < <(process 'env[]')
mapfile -t command < <(process 'args[]')
# As the image says.
container=(env -i "${environment[@]}" LOOKOUT_ZOOM__SECRET_TOKEN=a-token 'LOOKOUT_PRIVACY__PUBLISH=["*"]'
    "$(command -v chroot)" --userspec="$user:$user" "$root")
digest=$(skopeo inspect --raw "oci:$scratch/layout" | jq -r .config.digest)
config=$scratch/layout/blobs/sha256/${digest#sha256:}
mapfile -t health < <(jq -r '.config.Healthcheck.Test[1:][]' "$config")
"${container[@]}" "${command[@]}" 2> "$scratch/log" &
serving=$!
expect 'its health check succeeds' soon "${container[@]}" "${health[@]}"
expect 'Zoom is answered' test "$(joins Ada)" = 204
expect 'the page shows who came' soon shows Ada
expect 'journal and site are where the volumes are' test -s "$root/data/lookout.db" -a -s "$root/site/lookout/index.html"
expect 'nothing else was written' test -z "$(find "$root/bin" "$root/etc" "$root/tmp" -newer "$config" -type f)"
kill "$serving"
expect 'it ends in order on SIGTERM' wait "$serving"
expect 'then its health check fails' not "${container[@]}" "${health[@]}"
