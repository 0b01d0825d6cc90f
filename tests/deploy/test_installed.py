"""The wheel in an empty environment: nothing of this checkout is seen from there."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.lock import LOCKS

CLIP = Path(os.environ.get("EID_DATA", "../shared/data")).resolve() / "clips" / "smoke_cuts_256p33.mp4"
PHANTOM = "phantom:?size=192x108&frames=8&seed=3&smoke=0.45"
PICTURE = """
import numpy
from eid_stream import Dehazer
picture = numpy.full((90, 160, 3), 128, numpy.uint8)
with Dehazer(strength=0) as dehazer:
    assert (dehazer(picture) == picture).all()
"""
MODULES = """
from importlib.metadata import files
print({path.parts[0] for path in files("eid-stream") if not path.parts[0].endswith(".dist-info")} - {".."})
"""


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel and what its lock holds, and a folder to work in."""

    bin: Path
    folder: Path

    def run(self, command: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        ours = ("PYTHONPATH", "VIRTUAL_ENV")
        environment = {name: value for name, value in os.environ.items() if name not in ours}
        return subprocess.run(
            [self.bin / command, *arguments], cwd=self.folder, env=environment, capture_output=True, text=True
        )


def interpreter(version: str) -> Path | None:
    """A Python of this version that starts."""
    homes = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
    for candidate in (shutil.which(f"python{version}"), *homes):
        if candidate and subprocess.run([candidate, "-c", ""], capture_output=True, check=False).returncode == 0:
            return Path(candidate)
    return None


@pytest.fixture(scope="module", params=["3.11", "3.12", "3.13"])
def installed(
    request: pytest.FixtureRequest, distributions: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> Installed:
    python = interpreter(request.param)
    if python is None:
        pytest.skip(f"there is no Python {request.param} on this machine")
    folder = tmp_path_factory.mktemp("empty")
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", "--python", str(python), str(folder / "venv")], check=True)
    into = [*uv, "pip", "install", "--quiet", "--python", str(folder / "venv" / "bin" / "python")]
    locked = subprocess.run(
        [*into, "--require-hashes", "--requirement", str(LOCKS / "runtime.txt")], capture_output=True, text=True
    )
    if "Failed to fetch" in locked.stderr or "dns error" in locked.stderr:
        pytest.skip(f"what the wheel needs can neither be fetched nor is it kept here: {locked.stderr.splitlines()[0]}")
    assert locked.returncode == 0, locked.stderr
    subprocess.run([*into, "--no-deps", str(distributions[0])], check=True)
    subprocess.run([*uv, "pip", "check", "--python", str(folder / "venv" / "bin" / "python")], check=True)
    work = folder / "work"
    work.mkdir()
    return Installed(folder / "venv" / "bin", work)


def test_the_phantom_is_cleared(installed: Installed) -> None:
    done = installed.run("eid-stream", "--source", PHANTOM, "--out", "clear.mp4")
    assert done.returncode == 0, done.stderr
    assert (installed.folder / "clear.mp4").stat().st_size > 1000


def test_a_real_clip_is_cleared(installed: Installed) -> None:
    if not CLIP.exists():
        pytest.skip("real clips are in the folder that EID_DATA names")
    done = installed.run("eid-stream", "--source", str(CLIP), "--duration", "1", "--out", "real.mp4")
    assert done.returncode == 0, done.stderr
    assert (installed.folder / "real.mp4").stat().st_size > 1000


def test_the_api_answers(installed: Installed) -> None:
    done = installed.run("python", "-c", PICTURE)
    assert done.returncode == 0, done.stderr


def test_one_module_is_installed_and_no_torch(installed: Installed) -> None:
    assert installed.run("python", "-c", MODULES).stdout.strip() == "{'eid_stream'}"
    assert installed.run("python", "-c", "import torch").returncode != 0
