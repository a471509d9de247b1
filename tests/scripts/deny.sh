#!/usr/bin/env bash
# Checks the dependencies by `.deny.toml`: licences, banned crates, sources, and known vulnerabilities where their
# database is on this machine (`cargo deny fetch` brings it).
set -euo pipefail
cd "$(dirname "$0")/../.."
PATH=$PWD/target/cargo-deny/bin:$PATH

checks=(licenses bans sources)
if compgen -G "${CARGO_HOME:-$HOME/.cargo}/advisory-db*/*" >/dev/null; then
    checks+=(advisories)
else
    echo 'no database of vulnerabilities here, so they are not looked for; `cargo deny fetch` brings it'
fi
# Of all platforms, so that nothing has to be fetched while it checks.
cargo fetch --locked --quiet
cargo deny --locked --offline check --hide-inclusion-graph "${checks[@]}"
