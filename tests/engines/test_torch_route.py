"""The student's program through torch-tensorrt's real converters, in a folder of its own beside the ordinary torch."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import torch

from training.export.program import export_program

pytestmark = pytest.mark.timeout(600)  # a download, and three processes that load torch
ROOT = Path(__file__).parents[2]
CONVERTERS = ("torch-tensorrt-rtx==2.14.0", "dllist", "psutil")
BUILDER = ("tensorrt-rtx==1.6.1.120", "tensorrt-rtx-cu13==1.6.1.120",
           "tensorrt-rtx-cu13-libs==1.6.1.120", "tensorrt-rtx-cu13-bindings==1.6.1.120")  # fmt: skip
MISSING_STARTS = "torch-tensorrt or the TensorRT libraries cannot be loaded ("
INSTALL_LINE = "Install them with: pip install 'torch-tensorrt>=2.14,<2.15' 'tensorrt>=11.1,<12'"


def installed(name: str, requirements: tuple[str, ...]) -> Path:
    """A folder with these packages and nothing they depend on, kept in the temporary folder between runs."""
    folder = Path(tempfile.gettempdir()) / f"eid-stream-{name}-2.14.0-{sys.version_info.minor}"
    if not (folder / "complete").exists():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder)]
        got = subprocess.run([*command, *requirements], capture_output=True, text=True, timeout=580)
        if got.returncode != 0:
            shutil.rmtree(folder, ignore_errors=True)
            pytest.skip(f"{requirements[0]} cannot be had here: {got.stderr.strip().splitlines()[-1]}")
        (folder / "complete").touch()
    return folder


@pytest.fixture(scope="session")
def converters() -> Path:
    if (sys.platform, os.uname().machine) != ("linux", "x86_64"):
        pytest.skip("there are wheels of torch-tensorrt-rtx for Linux on x86-64 only")
    return installed("torch-tensorrt-rtx", CONVERTERS)


@pytest.fixture(scope="session")
def builder() -> Path:
    return installed("tensorrt-rtx", BUILDER)


def route(*folders: Path, program: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "engines.torch_route"]
    command += [] if program is None else ["--program", str(program)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (*folders, ROOT)))}
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=580)


def test_every_operator_of_the_shipped_program_is_converted_and_built_in_half(converters: Path, builder: Path) -> None:
    done = route(builder, converters)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.strip().splitlines()[-1])
    assert told["torch_route"] > 0
    assert told["in_half"] > told["weights"] / 2
    assert told["in_single"] < told["in_half"] / 10


def test_a_program_with_an_operator_that_has_no_converter_is_refused_with_its_name(
    converters: Path, builder: Path, tmp_path: Path
) -> None:
    class Lacking(torch.nn.Module):
        def forward(self, thumbnail: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return torch.special.bessel_j0(thumbnail), thumbnail.mean((1, 2, 3))

    program = tmp_path / "program.pt2"
    program.write_bytes(export_program(Lacking(), 16, 16))
    done = route(builder, converters, program=program)
    assert done.returncode == 4
    assert "special_bessel_j0" in done.stderr


def test_without_tensorrts_libraries_the_real_package_is_told_in_one_sentence(converters: Path) -> None:
    done = route(converters)
    assert done.returncode == 4
    said = done.stderr.strip().splitlines()[-1]
    assert said.startswith(f"error: {MISSING_STARTS}")
    assert said.endswith(INSTALL_LINE)
    assert "Traceback" not in done.stderr
