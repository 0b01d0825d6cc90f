#!/usr/bin/env bash
# Build the images: deploy/image/build.sh [cpu|nvidia]. With docker or podman the base is pulled; with buildah alone, where no
# registry of images can be reached, it is made from Debian's packages (root and debootstrap are needed), and its steps run
# in a chroot.
set -euo pipefail
cd "$(dirname "$0")/../.."

target=${1:-cpu}
lock=runtime
[ "$target" = nvidia ] && lock=nvidia
build=(-f deploy/image/Dockerfile --target "$target" --build-arg "LOCK=$lock" --tag "eid-stream:$target" .)

for builder in docker podman; do
    if $builder info >/dev/null 2>&1; then
        [ $builder = podman ] && build=(--format docker "${build[@]}") # which keeps the health check
        exec $builder build "${build[@]}"
    fi
done
command -v buildah >/dev/null || { echo "No builder: install docker, podman or buildah." >&2; exit 1; }

export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=${STORAGE_DRIVER:-vfs}
if ! buildah inspect localhost/trixie >/dev/null 2>&1; then
    root=$(mktemp -d)
    trap 'rm -rf "$root"' EXIT
    debootstrap --variant=minbase --include=ca-certificates trixie "$root/trixie" >/dev/null
    container=$(buildah from scratch)
    cp -a "$root/trixie/." "$(buildah mount "$container")/"
    buildah umount "$container" >/dev/null
    buildah commit --quiet --rm "$container" localhost/trixie
fi
certificates=/etc/ssl/certs # of this machine, so that what it trusts is trusted while the image is built
buildah build --format docker --network host --volume "$certificates:$certificates:ro" --build-arg BASE=localhost/trixie "${build[@]}"
