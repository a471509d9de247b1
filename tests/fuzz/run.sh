#!/usr/bin/env bash
# Fuzzes what comes from outside: deliveries, settings, names in each output, imports, checkpoints, HTTP, and
# what `forget` leaves. What breaks a property lies in target/fuzz/broken afterwards; move it to
# tests/fuzz/found/TARGET, and `cargo test` tries it, too. Inputs that reach more of the program are kept in
# tests/fuzz/corpus/TARGET.tar.gz, which the next run begins with.
#
#   tests/fuzz/run.sh [SECONDS] [TARGET…]    each for so long, 300 if nothing is said
#
# Needs Rust's nightly toolchain (`rustup toolchain install nightly`).
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-300}
targets=("${@:2}")
[ "${#targets[@]}" -gt 0 ] || targets=(delivery settings cells page chat import checkpoint forgetting head)

command -v c++ >/dev/null || { echo 'fuzz/run.sh: there is no C++ compiler; `apt-get install g++`' >&2; exit 1; }
cargo fuzz --version >/dev/null 2>&1 || cargo install --quiet --locked cargo-fuzz
# The same crates as the program's.
cp Cargo.lock tests/fuzz/Cargo.lock

work=target/fuzz
mkdir -p $work/corpus/{delivery,settings,cells,page,chat,import,checkpoint,forgetting,head} $work/broken
for packed in tests/fuzz/corpus/*.tar.gz; do
    [ ! -e "$packed" ] || tar --extract --gzip --file "$packed" --directory $work/corpus
done
cp tests/fixtures/deliveries/*.json $work/corpus/delivery
# A section a file; names of files are left out, as each would be read.
sed -E '/_file/d; s/^#([a-z_]+ = )/\1/' src/config/lookout.toml \
    | awk -v to=$work/corpus/settings/section- '/^\[/ { n++ } { print >to (n + 0) }'

for version in tests/fixtures/versions/*/; do
    split --lines=1 "$version/expected.jsonl" "$work/corpus/import/$(basename "$version")-"
    # Behind magic, format and checksum.
    [ ! -e "$version/data/lookout.checkpoint" ] \
        || tail -c +17 "$version/data/lookout.checkpoint" >"$work/corpus/checkpoint/$(basename "$version")"
done
printf 'POST /webhooks/zoom HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\nx-zm-signature: v0=00\r\n\r\n{}' >$work/corpus/head/post
printf 'GET / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n' >$work/corpus/head/chunked

for delivery in tests/fixtures/deliveries/*.json; do
    { echo Ada; cat "$delivery"; } >"$work/corpus/forgetting/$(basename "$delivery")"
done

# Sanitizers look for what only `unsafe` code can do, and this program forbids that; without them
# there are several times as many inputs.
fuzz() { cargo +nightly fuzz "$1" --fuzz-dir tests/fuzz --target-dir $work/build --sanitizer none "${@:2}"; }
# Packs the smallest inputs that reach as much as all together, in an order and with dates that change nothing.
keep() {
    fuzz cmin "$1" $work/corpus/"$1" >>$work/"$1".log 2>&1 || return 0
    mkdir -p tests/fuzz/corpus
    tar --create --sort=name --mtime=@0 --owner=0 --group=0 --directory $work/corpus "$1" \
        | gzip --no-name --best >tests/fuzz/corpus/"$1".tar.gz
}
fuzz build
failed=()
for target in "${targets[@]}"; do
    found=$PWD/tests/fuzz/found/$target
    mkdir -p "$found"
    printf '\n== %s, for %s s\n' "$target" "$seconds"
    dictionary=()
    case $target in cells | page | chat) dictionary=(-dict="$PWD/tests/fuzz/names.dict") ;; esac
    fuzz run "$target" $work/corpus/"$target" "$found" -- -max_total_time="$seconds" -max_len=4096 -timeout=60 \
        "${dictionary[@]}" -artifact_prefix=$PWD/$work/broken/"$target"- -print_final_stats=1 >$work/"$target".log 2>&1 \
        || failed+=("$target")
    keep "$target"
    grep -E '^stat::(number_of_executed_units|average_exec)|panicked|^SUMMARY' -A2 $work/"$target".log || true
done
[ "${#failed[@]}" -eq 0 ] || { printf '\nbroken: %s; see %s/broken\n' "${failed[*]}" $work >&2; exit 1; }
