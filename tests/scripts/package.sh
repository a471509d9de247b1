#!/usr/bin/env bash
# Builds the Debian package and takes it through its life in a clean Debian 12: installed,
# upgraded, removed, purged. Needs root, a mirror of Debian, and ten minutes for the first time.
#
#   tests/scripts/package.sh                the package as users get it
#   PROFILE=dev tests/scripts/package.sh    quickly
set -euo pipefail
cd "$(dirname "$0")/../.."

# shellcheck source=tests/scripts/debian.sh
. tests/scripts/debian.sh

package=$(.debian/build.sh | tail -n 1)
expect "the package is $(du -h "$package" | cut -f1)" test -s "$package"

root=$(mktemp -d /var/tmp/lookout-package.XXXXXX)
trap 'as_root umount -q "$root/proc" || true; as_root rm -rf "$root"' EXIT
debian "$root"
as_root mount -t proc proc "$root/proc"

inside() { as_root chroot "$root" env PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@"; }
as_root cp "$package" "$root/lookout.deb"
as_root cp /etc/resolv.conf "$root/etc/resolv.conf"

inside apt-get install -y -qq --no-install-recommends /lookout.deb > /dev/null 2>&1
expect 'the program runs' inside lookout --version
expect 'there is a user, who can log in nowhere' inside grep -qE '^lookout:.*:/usr/sbin/nologin$' /etc/passwd
expect 'its directory is its own, and nginx may enter' \
    test "$(inside stat -c '%U %a' /var/lib/lookout)" = 'lookout 755'
expect 'the settings are for root and the service only' \
    test "$(inside stat -c '%U:%G %a' /etc/lookout/lookout.toml)" = 'root:lookout 640'
expect 'the settings are valid and lead to /var/lib' \
    inside sh -c 'lookout -c /etc/lookout/lookout.toml print config | grep -q "\"/var/lib/lookout/site\""'
expect 'the unit is the one that it prints' \
    inside sh -c 'lookout -c /etc/lookout/lookout.toml print systemd | cmp - /usr/lib/systemd/system/lookout.service'
expect 'the socket is the one that it prints' \
    inside sh -c 'lookout -c /etc/lookout/lookout.toml print systemd --socket | cmp - /usr/lib/systemd/system/lookout.socket'
for file in man/man1/lookout.1 man/man1/lookout-serve.1 man/man5/lookout.toml.5 bash-completion/completions/lookout \
    zsh/vendor-completions/_lookout fish/vendor_completions.d/lookout.fish; do
    # A minimal Debian leaves manuals out; the package has them.
    expect "there is $file" sh -c "dpkg-deb -c '$package' | grep -q 'usr/share/$file'"
done
expect 'the guide is there, and the README leads to it' \
    sh -c "dpkg-deb --fsys-tarfile '$package' | tar -xO ./usr/share/doc/lookout/README.md | grep -q '(guide/setup.md)' &&
        dpkg-deb -c '$package' | grep -q 'usr/share/doc/lookout/guide/setup.md'"
expect 'the service user can work there' inside setpriv --reuid lookout --regid lookout --clear-groups \
    sh -c 'echo "{\"event\":\"a\",\"event_ts\":1}" | lookout -q -c /etc/lookout/lookout.toml import - && lookout -q -c /etc/lookout/lookout.toml build'
expect 'anybody can read the site' test "$(inside stat -c %a /var/lib/lookout/site/lookout/index.html)" = 644

inside sh -c 'echo "# mine" >> /etc/lookout/lookout.toml'
inside apt-get install -y -qq --reinstall /lookout.deb > /dev/null 2>&1
expect 'an upgrade keeps the settings' inside grep -q '# mine' /etc/lookout/lookout.toml
expect 'an upgrade keeps the data' inside test -e /var/lib/lookout/lookout.db

inside apt-get remove -y -qq lookout > /dev/null 2>&1
expect 'removal takes the program' not inside test -e /usr/bin/lookout
expect 'removal keeps the settings' inside grep -q '# mine' /etc/lookout/lookout.toml
expect 'removal keeps the data' inside test -e /var/lib/lookout/lookout.db

inside apt-get purge -y -qq lookout > /dev/null 2>&1
expect 'purging takes settings, data and user' \
    inside sh -c '! test -e /etc/lookout && ! test -e /var/lib/lookout && ! grep -q ^lookout: /etc/passwd'
expect 'nothing of it is left' test -z "$(inside find / -xdev -name '*lookout*' -not -path '/proc/*' -not -name lookout.deb -not -path '/var/lib/*' -not -path '/var/log/*' -not -path '/var/cache/*')"
