#!/usr/bin/env bash
# Prints which crates are in the program, as CycloneDX: name, version, licence, checksum, and what needs what. What only
# tests or builds use is not in it. Needs jq.
set -euo pipefail
cd "$(dirname "$0")/.."
target=$(rustc -vV | sed -n 's/^host: //p')
checksums=$(awk -F '"' '/^name/ { name = $2 } /^version/ { version = $2 } /^checksum/ { print name "@" version "\t" $2 }' Cargo.lock)
cargo metadata --locked --format-version 1 --filter-platform "$target" | jq --arg checksums "$checksums" '
    def purl: "pkg:cargo/\(.name)@\(.version)";
    ($checksums | split("\n") | map(split("\t") | { key: .[0], value: .[1] }) | from_entries) as $sums
    | INDEX(.packages[]; .id) as $packages
    | INDEX(.resolve.nodes[]; .id) as $nodes
    | def needs: [$nodes[.].deps[] | select(any(.dep_kinds[]; .kind == null)) | .pkg];
      def reached($todo; $seen):
          if $todo == [] then $seen
          else ([$todo[] | needs[]] | unique) - $seen | reached(.; $seen + .) end;
      def component($type): {
          type: $type, "bom-ref": purl, name, version, purl: purl,
          licenses: (if .license then [{ expression: (.license | gsub("/"; " OR ")) }] else [] end),
          hashes: ($sums["\(.name)@\(.version)"] | if . then [{ alg: "SHA-256", content: . }] else [] end)
      };
      .resolve.root as $root
    | reached([$root]; [$root]) as $all
    | {
          bomFormat: "CycloneDX", specVersion: "1.5", version: 1,
          metadata: { component: ($packages[$root] | component("application")) },
          components: [$all - [$root] | .[] | $packages[.] | component("library")] | sort_by(.purl),
          dependencies: [$all[] | { ref: ($packages[.] | purl), dependsOn: ([needs[] | $packages[.] | purl] | sort) }] | sort_by(.ref)
      }'
