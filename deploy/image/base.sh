#!/usr/bin/env bash
# The image's base from Debian's packages, where no registry of images can be reached: build/trixie.tar, made once.
# As root, with debootstrap; `make clean` forgets it.
set -euo pipefail
cd "$(dirname "$0")/../.."

tar=build/trixie.tar
[ ! -s $tar ] || exit 0
[ "$(id -u)" = 0 ] || { echo "The base is made as root: run this as root." >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "The base is made by debootstrap, which is not here: install it." >&2; exit 1; }
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p build
debootstrap --variant=minbase --include=ca-certificates trixie "$root/trixie" >"$root/told" || { tail -n 5 "$root/told" >&2; exit 1; }
tar --create --numeric-owner --directory "$root/trixie" --file "$tar.part" .
mv "$tar.part" $tar
