#!/usr/bin/env bash
# Builds the static program, which needs nothing beside it; its path is the last line. The same source
# and compilers make the same bytes in every directory.
#
#   .release/build.sh                the program as users get it
#   PROFILE=dev .release/build.sh    quickly
set -euo pipefail
cd "$(dirname "$0")/.."
profile=${PROFILE:-dist}
target=$(rustc -vV | sed -n 's/^host: //p')
directory=${CARGO_TARGET_DIR:-$PWD/target}
built=$directory/$target/$([ "$profile" = dev ] && echo debug || echo "$profile")

mkdir -p "$directory/$target"
sources=$directory/$target/hosts-and-dns.o
cc -O2 -c .release/hosts-and-dns.c -o "$sources"

# Random numbers come from the kernel's call: what looks it up at run time finds nothing in a static
# program, and reads `/dev/urandom` instead, which is not everywhere.
random='getrandom_backend="linux_getrandom"'
# Messages of panics name source files: from where they lie everywhere, not on this machine.
cargo_home=${CARGO_HOME:-$HOME/.cargo}
flags=(-C target-feature=+crt-static -C "link-arg=$sources" --cfg "$random")
flags+=("--remap-path-prefix=$cargo_home=/cargo" "--remap-path-prefix=$PWD=/lookout" "--remap-path-prefix=$directory=/target")
export CFLAGS="-ffile-prefix-map=$cargo_home=/cargo -ffile-prefix-map=$PWD=/lookout -ffile-prefix-map=$directory=/target"
# Fields are separated by a character that no path has.
CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f'; echo "${flags[*]}")
export CARGO_ENCODED_RUSTFLAGS
cargo build --locked --quiet --bin lookout --profile "$profile" --target "$target"
echo "$built/lookout"
