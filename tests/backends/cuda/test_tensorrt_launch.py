"""The TensorRT engine against a stand-in for the library; the real one is in test_engine_contract.py."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from eid_stream.backends.cuda.tensorrt_launch import _Launcher, import_tensorrt
from eid_stream.core.engine_card import EngineCard
from eid_stream.core.errors import EngineLoadError, EngineMismatchError

CARD = EngineCard("student", "1", "tensorrt", 256, 192, 32, 24, built_by="eid-stream 0.1.0, tensorrt 11.1.0")
STAND_IN = """
__version__ = "{version}"

class Logger:
    ERROR = 1
    def __init__(self, severity): ...

class Engine:
    shapes = {{"thumbnail": (1, 3, 192, 256), "maps": (1, 5, {rows}, 32), "density": (1,)}}
    num_io_tensors = 3
    def get_tensor_name(self, index): return list(self.shapes)[index]
    def get_tensor_shape(self, name): return self.shapes[name]
    def create_execution_context(self): return object()

class Runtime:
    def __init__(self, logger): ...
    def deserialize_cuda_engine(self, serialized): return Engine() if serialized == b"plan" else None
"""


@pytest.fixture(autouse=True)
def _forget_tensorrt() -> Iterator[None]:
    kept = sys.modules.pop("tensorrt", None)
    yield
    sys.modules.pop("tensorrt", None)
    if kept is not None:
        sys.modules["tensorrt"] = kept


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, *, version: str = "11.1.0", rows: int = 24) -> ModuleType:
    (folder / "tensorrt.py").write_text(STAND_IN.format(version=version, rows=rows))
    monkeypatch.syspath_prepend(str(folder))
    return import_tensorrt()


def test_a_tensorrt_that_is_too_old_is_refused_with_the_install_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(EngineLoadError, match=r"TensorRT 10\.13\.3 is too old, 11 is needed. Install it with: pip"):
        stand_in(tmp_path, monkeypatch, version="10.13.3")


def test_a_tensorrt_without_its_libraries_is_refused_with_the_install_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tensorrt.py").write_text("raise OSError('libnvinfer.so.11: cannot open shared object file')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(EngineLoadError, match=r"cannot be imported \(libnvinfer.so.11.*Install it with: pip"):
        import_tensorrt()


def test_a_plan_that_tensorrt_refuses_says_who_built_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EngineLoadError, match=r"TensorRT 11.1.0 refuses the engine built by eid-stream 0.1.0"):
        _Launcher(stand_in(tmp_path, monkeypatch), b"another plan", CARD)


def test_a_plan_with_other_shapes_than_its_card_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EngineMismatchError, match=r"'maps': \(1, 5, 12, 32\)"):
        _Launcher(stand_in(tmp_path, monkeypatch, rows=12), b"plan", CARD)


def test_a_plan_that_fits_its_card_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _Launcher(stand_in(tmp_path, monkeypatch), b"plan", CARD)
