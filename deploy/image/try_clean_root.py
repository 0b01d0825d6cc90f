"""Run the Dockerfile's own steps where nothing builds images: ``python -m deploy.image.try_clean_root [cpu|nvidia]``.

Then the command runs as it would in a container: not as root, without rights, without a network, on a root that cannot
be written to, with a folder for its cache. Needs Linux, root, ``bubblewrap``, ``debootstrap`` and the network.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.image.clean_root import CleanRoot, StepError, build
from deploy.image.dockerfile import FILE

PHANTOM = "phantom:?size=320x180&smoke=0.45&"
HEALTHY_WITHIN_SECONDS, ENDS_WITHIN_SECONDS = 120, 20


def main(target: str = "cpu") -> int:
    """Make the base where it is missing, run the steps, and try what came of it; the exit status."""
    made = subprocess.run([FILE.with_name("base.sh")], check=False)
    if made.returncode:
        return made.returncode
    with tempfile.TemporaryDirectory() as folder:
        try:
            root = build(target, Path(folder))
            try_it(root, Path(folder))
        except StepError as error:
            print(error, file=sys.stderr)
            return 1
    print(f"The steps of {target} run in a clean root: help, a file, a live run and its health are as they should be.")
    return 0


def try_it(root: CleanRoot, folder: Path) -> None:
    """What ``try.sh`` tries in a container: its help, a file, and a live run that is healthy and ends in good order.

    Raises:
        StepError: one of them is not as it should be.
    """
    work, cache = folder / "work", folder / "cache"
    owner = root.inside(root.folder).stat()
    for own in (work, cache):
        own.mkdir()
        os.chown(own, owner.st_uid, owner.st_gid)
    _must("its help", run(root, [], work, cache), "--source")
    file = [*root.entry, "--source", f"{PHANTOM}frames=25", "--out", "clear.mp4"]
    _must("a file", run(root, file, work, cache), "25 frames in")
    if (work / "clear.mp4").stat().st_uid != owner.st_uid:
        raise StepError("the file is not of the image's own user")
    forbidden = ["sh", "-c", "touch /cache/there && touch /opt/eid-stream/there"]
    _must("a root that cannot be written to", run(root, forbidden, work, cache), "Read-only file system", status=1)
    _try_live(root, work, cache)


def _try_live(root: CleanRoot, work: Path, cache: Path) -> None:
    live = [*root.entry, "--source", f"{PHANTOM}rate=25&realtime=1", "--no-window", "--metrics", "9400"]
    with running(root, live, work, cache) as (process, number):
        deadline = time.monotonic() + HEALTHY_WITHIN_SECONDS
        while not is_healthy(root, number):
            if process.poll() is not None or time.monotonic() > deadline:
                raise StepError("the live run never was healthy")
            time.sleep(1)
        os.kill(number, signal.SIGTERM)
        if process.wait(ENDS_WITHIN_SECONDS) != 128 + signal.SIGTERM:
            raise StepError(f"the live run was asked to end and ended with {process.returncode}")


def run(root: CleanRoot, command: Sequence[str], work: Path, cache: Path) -> "subprocess.CompletedProcess[str]":
    """Run a command as in a container until it ends; both of its outputs as one."""
    contained = root.contained(command, work, cache)
    out, both = subprocess.PIPE, subprocess.STDOUT
    return subprocess.run(contained, stdout=out, stderr=both, text=True, check=False, timeout=120)


@contextmanager
def running(
    root: CleanRoot, command: Sequence[str], work: Path, cache: Path
) -> "Iterator[tuple[subprocess.Popen[str], int]]":
    """A command that runs as in a container; it, and the number by which this machine knows it."""
    reading, writing = os.pipe()
    contained = root.contained(command, work, cache, "--info-fd", str(writing))
    with subprocess.Popen(contained, stderr=subprocess.DEVNULL, text=True, pass_fds=[writing]) as process:
        os.close(writing)
        with os.fdopen(reading) as told:
            number = int(json.load(told)["child-pid"])
        try:
            yield process, number
        finally:
            process.kill()


def is_healthy(root: CleanRoot, number: int) -> bool:
    """Whether the image's health check says so of a command that runs."""
    inside = ["nsenter", f"--target={number}", "--mount", "--pid", "--net", "--root", "--wd", "env", "-i"]
    variables = [f"{name}={value}" for name, value in root.environment.items()]
    asked = subprocess.run([*inside, *variables, *root.as_user(root.health)], capture_output=True, check=False)
    return asked.returncode == 0


def _must(what: str, done: "subprocess.CompletedProcess[str]", said: str, status: int = 0) -> None:
    if done.returncode != status or said not in done.stdout:
        raise StepError(f"{what}: ended with {done.returncode}, and said:\n{done.stdout[-3000:]}")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
