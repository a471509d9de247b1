#!/usr/bin/env bash
# The long proofs: what takes minutes, on real servers, under load, with the optimised program.
# Each prints a line; at the end there is a table for the guide. Uses loopback only, but for
# `package` and `boot`, which fetch a Debian and need root.
#
#   tests/prove.sh                     all of them, shortened
#   tests/prove.sh --full              all of them, at full length
#   tests/prove.sh --full outages      those whose names begin so
#   tests/prove.sh --list              what there is
set -euo pipefail
cd "$(dirname "$0")/.."
tests/scripts/install.sh
npm ci --prefix tests/measure/lighthouse --silent --no-audit --no-fund --ignore-scripts
cargo build --locked --release --bin lookout
LOOKOUT_PROGRAM=$PWD/target/release/lookout exec cargo test --locked --quiet --test prove -- "$@"
