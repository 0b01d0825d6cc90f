import subprocess
import sys
from pathlib import Path

import pytest

from eid_stream.backends.cuda.gpu import find_gpu
from eid_stream.core.errors import EngineLoadError
from tests.backends.cuda.fake_driver import environment_with_driver

ASK = """
from eid_stream.core.errors import EngineLoadError
from eid_stream.backends.cuda.gpu import find_gpu
try:
    print(find_gpu())
except EngineLoadError as error:
    print(error)
"""


def ask(environment: dict[str, str]) -> str:
    root = Path(__file__).parents[3]
    return subprocess.run(
        [sys.executable, "-c", ASK], env=environment, cwd=root, capture_output=True, text=True, check=True
    ).stdout


def test_the_driver_tells_device_and_versions(tmp_path: Path) -> None:
    said = ask(environment_with_driver(tmp_path))
    assert said == ("Gpu(name='NVIDIA H200', compute_capability=(9, 0), driver='580.95.05', cuda=(13, 0))\n")


def test_a_driver_without_a_device_is_told_in_one_sentence(tmp_path: Path) -> None:
    said = ask(environment_with_driver(tmp_path, init_status=100))
    assert "answers cuInit with CUDA_ERROR_NO_DEVICE" in said
    assert "nvidia-smi" in said


def test_without_a_driver_the_message_says_what_to_install() -> None:
    try:
        find_gpu()
    except EngineLoadError as error:
        assert "driver" in str(error)  # noqa: PT017
    else:
        pytest.skip("this machine has an NVIDIA device")
