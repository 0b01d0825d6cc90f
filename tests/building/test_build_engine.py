import os
import subprocess
import sys
from pathlib import Path

import pytest

from eid_stream.backends.engine_cache import EngineCache, EngineKey
from eid_stream.backends.student_contract import PROGRAM_FILE
from eid_stream.building.build_engine import Options, _already_built, build
from eid_stream.core.engine_card import EngineCard
from eid_stream.core.errors import ConfigError
from tests.backends.cuda.fake_driver import environment_with_driver
from tests.stand_ins.made_up_student import write_student

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("student")
    write_student(made)
    return made


def run(*options: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "eid_stream.building.build_engine", *options]
    run = subprocess.run(command, env=environment or dict(os.environ), cwd=ROOT, capture_output=True, text=True)
    assert "Traceback" not in run.stderr
    return run


def test_the_cpu_engine_is_verified_and_needs_no_build(folder: Path) -> None:
    done = run("--target", "onnx", "--student", str(folder))
    assert done.returncode == 0
    assert "Nothing to keep" in done.stdout


def test_without_a_driver_the_build_says_so_in_one_sentence(folder: Path) -> None:
    done = run("--target", "tensorrt", "--student", str(folder))
    if "No NVIDIA driver" not in done.stderr:
        pytest.skip("this machine has an NVIDIA driver")
    assert done.returncode == 4
    assert done.stderr.count("\n") == 1
    assert "Install the driver" in done.stderr


def test_with_a_driver_but_no_tensorrt_the_build_names_the_install_line(folder: Path, tmp_path: Path) -> None:
    done = run("--target", "tensorrt", "--student", str(folder), environment=environment_with_driver(tmp_path))
    if "tensorrt is not installed" not in done.stderr:
        pytest.skip("TensorRT is installed here")
    assert done.returncode == 4
    assert "pip install 'torch-tensorrt>=2.14,<2.15' 'tensorrt>=11.1,<12'" in done.stderr


def test_the_cuda_build_goes_as_far_as_the_device(folder: Path, tmp_path: Path) -> None:
    done = run("--target", "cuda", "--student", str(folder), environment=environment_with_driver(tmp_path))
    assert done.returncode == 4
    assert "Building cuda fp16 for NVIDIA H200, driver 580.95.05, torch 2.14" in done.stdout
    assert "cannot use NVIDIA H200" in done.stderr
    assert not list((tmp_path / "cache").rglob("*.engine"))


def test_a_program_that_its_card_does_not_speak_of_is_refused(tmp_path: Path) -> None:
    write_student(tmp_path)
    program = tmp_path / PROGRAM_FILE
    program.write_bytes(program.read_bytes() + b"\0")
    done = run("--target", "cuda", "--student", str(tmp_path))
    assert done.returncode == 4
    assert "student.pt2 has SHA-256" in done.stderr


def test_tensorrts_own_options_are_refused_for_other_targets() -> None:
    with pytest.raises(ConfigError, match="--target tensorrt"):
        build(Options(target="cuda", hardware_compatible=True))


def test_a_damaged_engine_is_built_again_and_the_reason_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = EngineCache(tmp_path)
    key = EngineKey("cuda", "fp16", "a" * 64, "NVIDIA H200", "580.95.05", "torch 2.14.1")
    assert not _already_built(cache, key)
    assert capsys.readouterr().out == ""
    path = cache.save(key, b"program", EngineCard("student", "1", "cuda", 256, 192, 32, 24))
    path.write_bytes(path.read_bytes()[:-1])
    assert not _already_built(cache, key)
    assert "Built again, because: The engine file" in capsys.readouterr().out
