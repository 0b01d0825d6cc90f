#!/usr/bin/env bash
# Build the images: deploy/image/build.sh [cpu|nvidia], with docker, podman or buildah, whichever is found first.
# IMAGE names what is built, where that is not eid-stream:cpu or eid-stream:nvidia. Where no registry of images can be
# reached, the base is made from Debian's packages (base.sh).
set -euo pipefail
cd "$(dirname "$0")/../.."

target=${1:-cpu}
lock=runtime
[ "$target" = nvidia ] && lock=nvidia
base=docker.io/library/debian:trixie-slim
build=(--file deploy/image/Dockerfile --target "$target" --build-arg "LOCK=$lock" --tag "${IMAGE:-eid-stream:$target}")

for builder in docker podman buildah none; do
    $builder info >/dev/null 2>&1 && break
done
[ "$builder" != none ] || {
    echo "No builder: install docker, podman or buildah, or try its steps in a clean root: make trysteps" >&2
    exit 1
}
[ "$builder" = docker ] || build+=(--format docker) # which keeps the health check

make_base() { # from Debian's packages, under the name $base
    deploy/image/base.sh
    if [ "$builder" = buildah ]; then
        container=$(buildah from scratch)
        buildah add --quiet "$container" build/trixie.tar / >/dev/null
        buildah commit --quiet --rm "$container" "$base" >/dev/null
    else
        $builder import build/trixie.tar "$base" >/dev/null
    fi
}

if ! $builder pull --quiet "$base" >/dev/null 2>&1; then
    base=localhost/trixie
    $builder inspect --type image "$base" >/dev/null 2>&1 || make_base
    certificates=/etc/ssl/certs # of this machine, so that what it trusts is trusted while the image is built
    [ "$builder" = docker ] || build+=(--network host --isolation chroot --volume "$certificates:$certificates:ro")
fi
$builder build --build-arg "BASE=$base" "${build[@]}" .
