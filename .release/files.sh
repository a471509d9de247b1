#!/usr/bin/env bash
# Makes the files of a release for this machine's architecture, in target/release-files: the program in an archive, the
# Debian package, and the list of the crates in them. The image is made of the programs of all architectures.
set -euo pipefail
cd "$(dirname "$0")/.."
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
target=$(rustc -vV | sed -n 's/^host: //p')
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
files=$PWD/target/release-files
rm -rf "$files"
mkdir -p "$files"

program=$(.release/build.sh | tail -n 1)
# Named as `cargo binstall` looks for it.
name=lookout-$version-$target
tar --create --format=ustar --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode=go=rX,u+rw \
    --transform "s|^|$name/|" --directory "$(dirname "$program")" lookout --directory "$PWD" README.md CHANGELOG.md LICENSE \
    | gzip --no-name --best > "$files/$name.tar.gz"
cp "$(PROGRAM=$program .debian/build.sh | tail -n 1)" "$files/"
.release/sbom.sh > "$files/$name.cdx.json"
ls -l "$files"
