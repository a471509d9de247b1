#!/usr/bin/env bash
# Installs what the tests need and passes them all: formatting, dependencies, lints, documentation, tests.
# A fresh Debian 12 with Rust is enough.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$1"; }

step 'what the tests need'
tests/scripts/install.sh

step 'formatting'
cargo fmt --check

step 'dependencies'
tests/scripts/deny.sh

step 'lints'
cargo clippy --locked --all-targets -- -D warnings
# `--all-targets` leaves out the proofs, which no test run includes.
cargo clippy --locked --test prove -- -D warnings

# The documentation is for whoever works on the program, so private items are in it.
step 'documentation'
RUSTDOCFLAGS='-D warnings -A rustdoc::private-intra-doc-links' cargo doc --locked --no-deps --document-private-items

step 'tests'
cargo test --locked --lib --bins --test it
