"""The container image: built by the same script as everybody's, and run as it is meant to be run.

What is missing on a machine (a builder, the network, the right to start containers) skips with the reason.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest

from deploy.lock import ROOT

pytestmark = pytest.mark.timeout(1800)
IMAGE = "eid-stream:tested"
OFFLINE = ("resolve", "resolution", "Network is unreachable", "Failed to fetch", "Couldn't download")
PHANTOM = "phantom:?size=320x180&frames=25&smoke=0.45"


def said(*command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a command; both of its outputs as one."""
    out, both = subprocess.PIPE, subprocess.STDOUT
    return subprocess.run(command, env=os.environ | environment, stdout=out, stderr=both, text=True, check=False)


def works(program: str) -> bool:
    """Whether a builder is there and, where it has one, its service answers."""
    return shutil.which(program) is not None and said(program, "info").returncode == 0


@dataclass(frozen=True)
class Builder:
    """A program that builds images."""

    name: str

    def run(self, command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
        """Run something as the image's user: in a container, or where none can be started in the image's own root."""
        if self.name == "docker" or not works("buildah"):
            return said(self.name, "run", "--rm", "--network", "none", "--entrypoint", command[0], IMAGE, *command[1:])
        container = said("buildah", "from", IMAGE).stdout.split()[-1]
        try:
            return said("buildah", "run", "--isolation", "chroot", "--user", "eid", container, "--", *command)
        finally:
            said("buildah", "rm", container)


@pytest.fixture(scope="module")
def builder() -> Builder:
    found = next((name for name in ("docker", "podman", "buildah") if works(name)), None)
    if found is None:
        pytest.skip("no docker, podman or buildah works here, and one of them builds the image")
    return Builder(found)


@pytest.fixture(scope="module")
def image(builder: Builder) -> Iterator[str]:
    done = said(str(ROOT / "deploy" / "image" / "build.sh"), "cpu", IMAGE=IMAGE)
    missing = [line for line in done.stdout.splitlines() if any(sign in line for sign in OFFLINE)]
    if done.returncode and missing:
        pytest.skip(f"what the image is built from cannot be fetched: {missing[-1]}")
    assert done.returncode == 0, done.stdout[-3000:]
    yield IMAGE
    said(builder.name, "rmi", IMAGE)


@pytest.mark.usefixtures("image")
def test_the_image_holds_the_command_which_clears_a_video_without_the_rights_of_root(builder: Builder) -> None:
    clear = f"id -u; cd /work && eid-stream --source '{PHANTOM}' --out clear.mp4 && test -s clear.mp4 && echo written"
    done = builder.run(["sh", "-c", clear])
    assert done.returncode == 0, done.stdout
    assert "10001" in done.stdout.splitlines()
    assert "25 frames in" in done.stdout
    assert done.stdout.endswith("written\n")


def test_the_image_runs_on_a_read_only_root_without_a_network_and_tells_its_health(
    image: str, builder: Builder
) -> None:
    """Its help, a file, a live run that is healthy and ends in good order: what ``make tryimage`` tries."""
    if builder.name == "buildah":
        pytest.skip("buildah builds images and runs none as it is meant to be run; docker and podman do")
    tried = said(builder.name, "run", "--rm", "--network", "none", image, "--version")
    if tried.returncode and "OCI" in tried.stdout:
        pytest.skip(f"{builder.name} may not start containers here: {tried.stdout.splitlines()[-1]}")
    done = said(str(ROOT / "deploy" / "image" / "try.sh"), "cpu", IMAGE=IMAGE)
    assert done.returncode == 0, done.stdout
    assert f"{image}: help, a file, a live run and its health are as they should be." in done.stdout
