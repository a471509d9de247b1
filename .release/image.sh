#!/usr/bin/env bash
# Builds the container image, from nothing but the static program: an OCI archive, which `podman load`,
# `docker load` and `skopeo copy` read. Needs no daemon. Its path is the last line. The same programs
# and SOURCE_DATE_EPOCH (by default the time of the last commit) make the same bytes.
#
#   .release/image.sh                               for this machine, of a program built now
#   .release/image.sh amd64=PROGRAM arm64=PROGRAM   for several, of programs built before
set -euo pipefail
cd "$(dirname "$0")/.."
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2> /dev/null || echo 0)}
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
# Nobody of this number is on any machine, and the kernel lets it do nothing special.
user=65532

[ $# -gt 0 ] || {
    program=$(.release/build.sh | tail -n 1)
    set -- "$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')=$program"
}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
layout=$scratch/layout
mkdir -p "$layout/blobs/sha256"

packed() { # TAR_OPTION…: a tar on stdout, the same for the same files
    tar --create --format=ustar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --numeric-owner "$@"
}
digest() { sha256sum "$1" | cut -d ' ' -f 1; }
store() { # FILE: moves it to the blobs; prints its digest
    local digest; digest=$(digest "$1")
    mv "$1" "$layout/blobs/sha256/$digest"
    echo "$digest"
}
described() { # TYPE DIGEST: a descriptor without its last brace
    printf '{"mediaType":"application/vnd.oci.image.%s","digest":"sha256:%s","size":%s' \
        "$1" "$2" "$(stat -c %s "$layout/blobs/sha256/$2")"
}

files() { # PROGRAM: the root of the image as a tar
    local root=$scratch/root
    rm -rf "$root"
    mkdir -p "$root"/{bin,etc}
    install -m 755 "$1" "$root/bin/lookout"
    printf 'root:x:0:0::/:\nlookout:x:%s:%s::/data:\n' "$user" "$user" > "$root/etc/passwd"
    printf 'root:x:0:\nlookout:x:%s:\n' "$user" > "$root/etc/group"
    chmod 644 "$root"/etc/*
    chmod 755 "$root" "$root"/{bin,etc}
    packed --owner=0 --group=0 --directory "$root" --file "$scratch/files" bin etc
    # What the user of the service writes.
    mkdir -m 755 "$root"/{data,site}
    mkdir -m 1777 "$root/tmp"
    packed --owner="$user" --group="$user" --directory "$root" --file "$scratch/directories" data site tmp
    tar --concatenate --file "$scratch/files" "$scratch/directories"
    cat "$scratch/files"
}

settings() { # ARCHITECTURE DIFF_ID: how the image is run
    cat <<JSON
{"created":"$(date -u -d "@$SOURCE_DATE_EPOCH" +%FT%TZ)","architecture":"$1","os":"linux","config":{
"User":"$user:$user","WorkingDir":"/data","Entrypoint":["/bin/lookout"],"Cmd":["serve"],"StopSignal":"SIGTERM",
"Env":["PATH=/bin","LOOKOUT_ZOOM__LISTEN=0.0.0.0:8787","LOOKOUT_JOURNAL__PATH=/data/lookout.db","LOOKOUT_SITE__OUTPUT_DIR=/site"],
"ExposedPorts":{"8787/tcp":{}},"Volumes":{"/data":{},"/site":{}},
"Healthcheck":{"Test":["CMD","/bin/lookout","check","--alive"],"Interval":30000000000,"Timeout":5000000000,"StartPeriod":60000000000},
"Labels":{"org.opencontainers.image.title":"Lookout","org.opencontainers.image.version":"$version","org.opencontainers.image.licenses":"MIT",
"org.opencontainers.image.source":"$(sed -n 's/^repository = "\(.*\)"$/\1/p' Cargo.toml)"}},
"rootfs":{"type":"layers","diff_ids":["sha256:$2"]},"history":[{"created_by":".release/image.sh"}]}
JSON
}

image() { # ARCHITECTURE PROGRAM: stores the image of one architecture; prints its descriptor without its last brace
    local tar=$scratch/layer diff layer config manifest
    files "$2" > "$tar"
    diff=$(digest "$tar")
    gzip --no-name --best "$tar"
    layer=$(store "$tar.gz")
    settings "$1" "$diff" > "$scratch/config"
    config=$(store "$scratch/config")
    printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":%s},"layers":[%s}]}' \
        "$(described config.v1+json "$config")" "$(described layer.v1.tar+gzip "$layer")" > "$scratch/manifest"
    manifest=$(store "$scratch/manifest")
    printf '%s,"platform":{"architecture":"%s","os":"linux"}' "$(described manifest.v1+json "$manifest")" "$1"
}
index() { # DESCRIPTOR…
    printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[%s]}' "$(IFS=,; echo "$*")"
}

images=()
for program in "$@"; do images+=("$(image "${program%%=*}" "${program#*=}")"); done
# One image has one name, so those of several architectures are behind an index of their own.
named=${images[0]}
if [ "${#images[@]}" -gt 1 ]; then
    index "${images[@]/%/\}}" > "$scratch/images"
    named=$(described index.v1+json "$(store "$scratch/images")")
fi
index "$named,\"annotations\":{\"org.opencontainers.image.ref.name\":\"$version\"}}" > "$layout/index.json"
printf '{"imageLayoutVersion":"1.0.0"}' > "$layout/oci-layout"
mkdir -p target/image
packed --owner=0 --group=0 --mode=go=rX,u+rw --directory "$layout" --file "target/image/lookout-$version.oci.tar" \
    blobs index.json oci-layout
echo "$PWD/target/image/lookout-$version.oci.tar"
