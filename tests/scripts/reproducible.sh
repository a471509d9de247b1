#!/usr/bin/env bash
# Builds the program twice from the same source, here and in another directory, and compares the bytes.
#
#   tests/scripts/reproducible.sh                the program as users get it: twice as long as its build
#   PROFILE=dev tests/scripts/reproducible.sh    quickly
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/scripts/debian.sh
. tests/scripts/debian.sh

here=$(.release/build.sh | tail -n 1)
elsewhere=$(mktemp -d /var/tmp/lookout-elsewhere.XXXXXX)
trap 'rm -rf "$elsewhere"' EXIT
# With what is not committed yet, and without what is built.
git ls-files -z --cached --others --exclude-standard | tar --create --null --files-from - | tar -x -C "$elsewhere"
there=$(unset CARGO_TARGET_DIR; "$elsewhere/.release/build.sh" | tail -n 1)
expect 'two programs were built' test "$here" != "$there" -a -s "$there"
expect "their checksum is the same: $(sha256sum < "$here" | cut -c 1-16)…" cmp "$here" "$there"
expect 'no path of this machine is in it' not grep -qaF -e "$PWD" -e "$elsewhere" -e "${CARGO_HOME:-$HOME/.cargo}" "$here"
