import subprocess
import sys
from pathlib import Path

import pytest

from eid_stream.backends import open_engine
from eid_stream.core.errors import ConfigError
from tests.backends.cuda.fake_driver import environment_with_driver

OPEN = """
import sys
from eid_stream.backends import open_engine
from eid_stream.core.errors import EidStreamError
try:
    engine = open_engine(sys.argv[1])
    print(*engine.reasons, sep="\\n")
except EidStreamError as error:
    print(type(error).__name__, error)
print("torch" in sys.modules)
"""


def opened(choice: str, environment: dict[str, str] | None = None) -> str:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", OPEN, choice]
    return subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True, check=True).stdout


def test_an_unknown_engine_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(ConfigError, match="choose auto, tensorrt, rtx, cuda, webgpu, onnx, openvino, prior"):
        open_engine("directml")


@pytest.mark.parametrize("choice", ["onnx", "prior"])
def test_what_every_machine_has_opens_by_name(choice: str) -> None:
    engine = open_engine(choice)
    assert engine.card.backend == choice
    engine.close()


def test_auto_with_a_gpu_but_nothing_built_runs_on_the_cpu_and_says_what_to_build(tmp_path: Path) -> None:
    *reasons, torch_imported = opened("auto", environment_with_driver(tmp_path)).splitlines()
    assert reasons[0].startswith("tensorrt: not used: ")
    assert reasons[1].startswith("rtx: not used: onnxruntime-ep-nv-tensorrt-rtx-cu13 ")
    assert "Build one with: eid-stream-build --target cuda" in reasons[2]
    assert reasons[3].startswith("onnx: in use: ")
    assert torch_imported == "False", "a machine without a built engine must not wait for torch"


def test_tensorrt_without_its_package_names_the_install_line(tmp_path: Path) -> None:
    said = opened("tensorrt", environment_with_driver(tmp_path))
    if "No tensorrt engine was built" in said:
        pytest.skip("TensorRT is installed here")
    assert said.startswith("EngineLoadError tensorrt is not installed. Install it with: pip install 'torch-tensorrt")


@pytest.mark.parametrize("damage", ["flipped", "foreign"])
def test_a_bad_engine_file_is_refused_with_the_reason_and_auto_goes_on(tmp_path: Path, damage: str) -> None:
    environment = environment_with_driver(tmp_path)
    subprocess.run([sys.executable, "-c", KEEP, damage], env=environment, cwd=Path(__file__).parents[2], check=True)
    reasons = opened("auto", environment).splitlines()
    expected = {"flipped": "is damaged", "foreign": "was built for another gpu"}[damage]
    assert expected in reasons[2]
    assert reasons[3].startswith("onnx: in use: ")


def test_a_driver_that_is_too_old_for_torch_is_told_with_both_versions(tmp_path: Path) -> None:
    environment = environment_with_driver(tmp_path, cuda=12040)
    subprocess.run([sys.executable, "-c", KEEP, "sound"], env=environment, cwd=Path(__file__).parents[2], check=True)
    said = opened("cuda", environment)
    assert "The NVIDIA driver 580.95.05 serves CUDA 12.4, PyTorch" in said
    assert "Update the driver" in said


KEEP = """
import hashlib
import sys
from dataclasses import replace
from eid_stream.backends.built_engine import engine_key
from eid_stream.backends.student_contract import shipped_card
from eid_stream.backends.engine_cache import EngineCache
from eid_stream.backends.cuda.gpu import find_gpu
content, cache, gpu = b"program", EngineCache(), find_gpu()
card = replace(shipped_card(), backend="cuda", engine_sha256=hashlib.sha256(content).hexdigest())
key = engine_key("cuda", "fp16", card.student_sha256, gpu)
if sys.argv[1] == "foreign":
    other = engine_key("cuda", "fp16", card.student_sha256, replace(gpu, name="NVIDIA T4"))
    cache.save(other, content, card).rename(cache.path(key))
else:
    path = cache.save(key, content, card)
    if sys.argv[1] == "flipped":
        path.write_bytes(path.read_bytes()[:-1] + b"?")
"""
