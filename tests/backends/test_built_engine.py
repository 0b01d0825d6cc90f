from dataclasses import replace
from pathlib import Path

import pytest

from eid_stream.backends.built_engine import engine_key, load_built
from eid_stream.backends.cuda.gpu import Gpu
from eid_stream.backends.engine_cache import EngineCache
from eid_stream.backends.student_contract import shipped_card
from eid_stream.core.errors import EngineLoadError

H200 = Gpu("NVIDIA H200", (9, 0), "580.95.05", (13, 0))
T4 = Gpu("Tesla T4", (7, 5), "580.95.05", (13, 0))
STUDENT = shipped_card().student_sha256


def keep(cache: EngineCache, target: str, precision: str, *, hardware: bool = False, versions: bool = False) -> None:
    key = engine_key(target, precision, STUDENT, H200, hardware_compatible=hardware, version_compatible=versions)
    made = replace(shipped_card(), backend=target, precision=precision)
    cache.save(key, f"{precision} {hardware} {versions}".encode(), made)


@pytest.fixture
def tensorrt_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What pip leaves of TensorRT 11.1: its name and version."""
    return install_tensorrt(tmp_path, monkeypatch, "11.1.0.106")


def install_tensorrt(folder: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> Path:
    about = folder / f"site-{version}" / f"tensorrt-{version}.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: tensorrt\nVersion: {version}\n")
    monkeypatch.syspath_prepend(str(about.parent))
    return about


def test_fp16_is_taken_before_fp32(tmp_path: Path) -> None:
    cache = EngineCache(tmp_path)
    keep(cache, "cuda", "fp32")
    assert load_built("cuda", cache, H200).card.precision == "fp32"
    keep(cache, "cuda", "fp16")
    assert load_built("cuda", cache, H200).card.precision == "fp16"


@pytest.mark.usefixtures("tensorrt_installed")
def test_an_engine_for_exactly_this_machine_is_taken_before_a_compatible_one(tmp_path: Path) -> None:
    cache = EngineCache(tmp_path)
    keep(cache, "tensorrt", "fp16", hardware=True, versions=True)
    assert load_built("tensorrt", cache, H200).content == b"fp16 True True"
    keep(cache, "tensorrt", "fp16")
    assert load_built("tensorrt", cache, H200).content == b"fp16 False False"


@pytest.mark.usefixtures("tensorrt_installed")
def test_a_compatible_engine_serves_other_gpus_from_ampere_on_and_newer_versions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = EngineCache(tmp_path)
    keep(cache, "tensorrt", "fp16", hardware=True, versions=True)
    install_tensorrt(tmp_path, monkeypatch, "11.4.0.106")
    other = Gpu("NVIDIA RTX A6000", (8, 6), "590.10", (13, 2))
    assert load_built("tensorrt", cache, other).content == b"fp16 True True"
    with pytest.raises(EngineLoadError, match="No tensorrt engine was built for Tesla T4"):
        load_built("tensorrt", cache, T4)


@pytest.mark.usefixtures("tensorrt_installed")
def test_a_hardware_compatible_engine_cannot_be_built_on_an_old_gpu() -> None:
    with pytest.raises(EngineLoadError, match=r"Tesla T4 is older than Ampere: build without --hardware-compatible"):
        engine_key("tensorrt", "fp16", STUDENT, T4, hardware_compatible=True)
