#!/usr/bin/env bash
# Makes the pictures of link previews and of the app below `static/` from its icons: Chromium draws them,
# pngquant gives them a palette, optipng packs them. Whoever changes an icon runs it and looks at the result.
set -euo pipefail
cd "$(dirname "$0")/../.."
for tool in pngquant optipng; do
    command -v "$tool" >/dev/null || { echo "$tool is not installed: sudo apt install pngquant optipng" >&2; exit 1; }
done
[ -d tests/fixtures/browser/node_modules ] || npm ci --prefix tests/fixtures/browser --silent --no-audit --no-fund
drawn=$(mktemp -d)
trap 'rm -r "$drawn"' EXIT
node tests/fixtures/browser/images.mjs static "$drawn"
for picture in "$drawn"/*/*.png; do
    pngquant --speed 1 --strip --force --ext .png 64 "$picture"
    optipng -quiet -o7 -strip all "$picture"
done
mkdir -p static/preview static/app
cp "$drawn"/preview/*.png static/preview/
cp "$drawn"/app/*.png static/app/
chmod 644 static/preview/*.png static/app/*.png
