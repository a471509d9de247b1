#!/usr/bin/env bash
# Prints what the CHANGELOG on stdin says about a version: the notes of its release.
#
#   .release/notes.sh 1.0.0 < CHANGELOG.md
set -euo pipefail
# `$( )` drops the empty lines at the end, and sed those at the beginning.
notes=$(awk -v version="$1" '/^## / { inside = $2 == version; next } inside' | sed '/./,$!d')
[ -n "$notes" ] || { echo "the CHANGELOG has no section \`## $1\`" >&2; exit 1; }
printf '%s\n' "$notes"
