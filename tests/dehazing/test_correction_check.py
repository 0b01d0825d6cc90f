"""Kernels kept on disk: damaged ones are rebuilt, and where nothing can be kept they are compiled anew."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from eid_stream.core.errors import EngineMismatchError
from eid_stream.core.frame import PIXEL_LAYOUTS, PixelLayout
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.dehazing import correction_check, frame_correction
from eid_stream.dehazing.correction_check import check_correction
from eid_stream.dehazing.plane_correction import apply_maps

PROVE = """
import sys
from eid_stream.core.frame import PIXEL_LAYOUTS
from eid_stream.dehazing.correction_check import check_correction
check_correction(PIXEL_LAYOUTS["yuv420p"])
"""
ROOT = Path(__file__).parents[2]


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A copy of the package, as if it had been installed for this test."""
    shutil.copytree(
        ROOT / "eid_stream", tmp_path / "eid_stream", ignore=shutil.ignore_patterns("__pycache__", "weights", "*.pt2")
    )
    return tmp_path


def prove(installed: Path, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROVE],
        cwd=installed,
        env=os.environ | {"PYTHONPATH": str(installed)} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    return f"{done.returncode} {done.stderr}"


@pytest.mark.parametrize("layout", [PIXEL_LAYOUTS["yuv420p"], PIXEL_LAYOUTS["yuv422p10le"]], ids=lambda one: one.name)
def test_the_correction_that_ships_proves_itself(layout: PixelLayout) -> None:
    check_correction(layout)


def test_what_was_kept_is_rebuilt_when_it_is_damaged(installed: Path) -> None:
    assert prove(installed) == "0 "
    kept = sorted(installed.rglob("*.nb[ic]"))
    assert kept
    for path in kept:
        path.write_bytes(path.read_bytes()[:40] + b"damaged")
    assert prove(installed) == "0 "
    assert all(b"damaged" not in path.read_bytes() for path in installed.rglob("*.nbi"))


def test_where_nothing_can_be_kept_it_is_compiled_and_proven_all_the_same(installed: Path) -> None:
    told = prove(installed, NUMBA_CACHE_LOCATOR_CLASSES="IPythonCacheLocator")
    assert told == "0 "
    assert not list(installed.rglob("*.nb[ic]"))


def test_a_correction_that_stays_wrong_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(planes: object, out: object, maps: HazeMaps, *rest: object) -> None:
        apply_maps(planes, out, HazeMaps(maps.values * 0.9, maps.density), *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(frame_correction, "apply_maps", wrong)
    for again in ("compile_anew", "compile_without_keeping"):
        monkeypatch.setattr(correction_check, again, lambda: None)
    with pytest.raises(EngineMismatchError, match="The correction failed its self-test: a sample is off by"):
        check_correction(PIXEL_LAYOUTS["yuv420p"])
