"""The container image: built by the same script as everybody's, and run as it is meant to be run.

Where there is no builder, or nothing can be fetched for it, this skips with the reason.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from deploy.lock import ROOT

pytestmark = pytest.mark.timeout(1800)
IMAGE = "eid-stream:tested"
OFFLINE = (
    "resolve",
    "resolution",
    "Network is unreachable",
    "Failed to fetch",
    "Couldn't download",
    "NewConnectionError",
)


def works(program: str) -> bool:
    """Whether a builder is there and, where it has one, its service answers."""
    if shutil.which(program) is None:
        return False
    return subprocess.run([program, "info"], capture_output=True, check=False).returncode == 0


def script(name: str) -> "subprocess.CompletedProcess[str]":
    command = [str(ROOT / "deploy" / "image" / name), "cpu"]
    return subprocess.run(command, env=os.environ | {"IMAGE": IMAGE}, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def builder() -> str:
    found = next((program for program in ("docker", "podman", "buildah") if works(program)), None)
    if found is None:
        pytest.skip("no docker, podman or buildah works here, and one of them builds the image")
    return found


@pytest.fixture(scope="module")
def image(builder: str) -> Iterator[str]:
    done = script("build.sh")
    told = (done.stdout + done.stderr).strip()
    missing = [line for line in told.splitlines() if any(sign in line for sign in OFFLINE)]
    if done.returncode and missing:
        pytest.skip(f"what the image is built from cannot be fetched: {missing[-1]}")
    assert done.returncode == 0, told[-3000:]
    yield IMAGE
    subprocess.run([builder, "rmi", IMAGE], capture_output=True, check=False)


def test_the_image_runs_without_rights_without_a_network_and_with_nothing_to_write_on(image: str, builder: str) -> None:
    """Its help, a file, a live run that is healthy and ends in good order: what ``make tryimage`` tries."""
    if builder == "buildah":
        pytest.skip("buildah builds images and runs none as it is meant to be run; docker and podman do")
    tried = script("try.sh")
    assert tried.returncode == 0, tried.stdout + tried.stderr
    assert f"{image}: help, a file, a live run and its health are as they should be." in tried.stdout
