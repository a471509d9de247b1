#!/usr/bin/env bash
# Builds the Debian package; its path is the last line. The program is the static one, so the package suits
# every release of Debian and Ubuntu. What is in it besides the program is made by the program itself: the
# units, the settings, the manual and the completions.
#
#   .debian/build.sh                  an optimised package
#   PROFILE=dev .debian/build.sh      quickly, to try the package itself
#   PROGRAM=FILE .debian/build.sh     of a program that was built before
set -euo pipefail
cd "$(dirname "$0")/.."

# cargo-deb writes the package; it is kept beside what it builds.
deb=$PWD/target/cargo-deb
if [ ! -x "$deb/bin/cargo-deb" ]; then
    cargo install --locked --quiet --root "$deb" --target-dir "$deb/build" \
        cargo-deb --version 3.8.0 --no-default-features
fi
program=${PROGRAM:-$(.release/build.sh | tail -n 1)}

# A root as it will be on the machine: paths in it are those of the machine behind this one.
root=$PWD/target/debian/root
rm -rf "$root"
mkdir -p "$root"/{usr/bin,usr/lib/systemd/system,usr/share/man/man1,completions}
install -m 755 "$program" "$root/usr/bin/lookout"
strip "$root/usr/bin/lookout"
on_the_machine() { sed "s|$root||g"; }
cd "$root"
lookout=$root/usr/bin/lookout
"$lookout" init --quiet --state-dir /var/lib/lookout etc/lookout 2>/dev/null
# A schema is no configuration, so it lies elsewhere.
mkdir -p usr/share/lookout
mv etc/lookout/lookout.schema.json usr/share/lookout/
sed -i '1s|\./|file:///usr/share/lookout/|' etc/lookout/lookout.toml
for unit in service socket; do
    option=$([ "$unit" = socket ] && echo --socket || true)
    # shellcheck disable=SC2086
    "$lookout" -c "$root/etc/lookout/lookout.toml" print systemd $option \
        | on_the_machine > "usr/lib/systemd/system/lookout.$unit"
done
"$lookout" print man --dir usr/share/man/man1
mkdir -p usr/share/man/man5
mv usr/share/man/man1/*.5 usr/share/man/man5/
for shell in bash zsh fish; do
    "$lookout" print completions "$shell" > "completions/$shell"
done
cd - > /dev/null
# The guide lies beside it there.
sed 's|(src/guide/|(guide/|g' README.md > "$root/README.md"

"$deb/bin/cargo-deb" --no-build --no-strip --locked --output target/debian
