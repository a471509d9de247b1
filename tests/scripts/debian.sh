# What the tests of the package share; to be read in by them, not run.

as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }
expect() { # WHAT COMMAND…: says whether the command succeeds; ends where it does not
    local what=$1; shift
    if "$@" > /dev/null 2>&1; then printf '✓ %s\n' "$what"; else printf '✗ %s\n' "$what"; exit 1; fi
}
not() { ! "$@"; }
needs() { # COMMAND PACKAGE: installs it where it is missing
    command -v "$1" > /dev/null && return
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2"
}
debian() { # DIRECTORY [PACKAGES]: makes a clean Debian there, 12 or that of SUITE
    needs debootstrap debootstrap
    local mirror
    mirror=${MIRROR:-$(sed -nE 's/^(deb |URIs: *)(\[.*\] )?(https?:[^ ]+).*/\3/p' /etc/apt/sources.list /etc/apt/sources.list.d/* 2> /dev/null | head -n 1 || true)}
    mkdir -p "$1"
    # Everybody has to be able to enter it, as every `/`.
    chmod 755 "$1"
    as_root debootstrap --variant=minbase ${2:+--include="$2"} "${SUITE:-bookworm}" "$1" ${mirror:+"$mirror"} > "$1.log" 2>&1 \
        || { tail "$1.log"; exit 1; }
    rm -f "$1.log"
}
