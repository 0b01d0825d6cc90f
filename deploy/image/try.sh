#!/usr/bin/env bash
# Run an image that was built as it is meant to be run: deploy/image/try.sh [cpu|nvidia], with docker or podman.
# IMAGE is its name, where that is not eid-stream:cpu or eid-stream:nvidia.
# Without rights, with a read-only root and without any network: its help, a file, and a live run with its health.
set -euo pipefail

image=${IMAGE:-eid-stream:${1:-cpu}}
for runner in docker podman none; do
    $runner image inspect "$image" >/dev/null 2>&1 && break
done
[ "$runner" != none ] || { echo "There is no image $image: make image TARGET=${1:-cpu} first." >&2; exit 1; }

folder=$(mktemp -d)
name=eid-stream-tried-$$
trap '$runner rm --force --volumes "$name" >/dev/null 2>&1 || true; rm -rf "$folder"' EXIT
chmod 777 "$folder" # its user is not the one here
how=(--read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges --network none --volume "$folder:/work")

is_healthy() {
    if [ "$runner" = podman ]; then
        podman healthcheck run "$name" >/dev/null 2>&1
    else
        [ "$(docker inspect --format '{{.State.Health.Status}}' "$name")" = healthy ]
    fi
}

$runner run --rm "${how[@]}" "$image" --help | grep -- --source >/dev/null
$runner run --rm "${how[@]}" "$image" --source 'phantom:?size=320x180&frames=25&smoke=0.45' --out clear.mp4
[ -s "$folder/clear.mp4" ]

live='phantom:?size=320x180&rate=25&smoke=0.45&realtime=1'
$runner run --detach --name "$name" "${how[@]}" "$image" --source "$live" --no-window --metrics 9400 >/dev/null
for _ in $(seq 60); do
    is_healthy && break
    sleep 2
done
is_healthy || { echo "$image runs live and is not healthy." >&2; $runner logs "$name" >&2; exit 1; }
$runner stop --time 20 "$name" >/dev/null
[ "$($runner inspect --format '{{.State.ExitCode}}' "$name")" = 143 ] # ended by SIGTERM in good order
echo "$image: help, a file, a live run and its health are as they should be."
