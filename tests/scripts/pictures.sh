#!/usr/bin/env bash
# Makes a picture of the page in every state worth looking at, with invented people.
#
#   tests/scripts/pictures.sh [DIRECTORY] [NAME…]    into target/pictures, if nothing is said
#   tests/scripts/pictures.sh --readme               the two of the README, into .github
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo build --locked
[ -d tests/fixtures/browser/node_modules ] || npm ci --prefix tests/fixtures/browser --silent --no-audit --no-fund
look() { node tests/fixtures/browser/pictures.mjs "$PWD/target/debug/lookout" "$@"; }
if [ "${1:-}" = --readme ]; then
    look .github page-light page-dark
else
    look "${1:-target/pictures}" "${@:2}"
fi
