"""The correction proves itself; where compiled loops fail, those by NumPy take over."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from eid_stream.core.errors import EngineMismatchError
from eid_stream.core.frame import PIXEL_LAYOUTS, PixelLayout, Plane
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.kernels import choice
from eid_stream.core.kernels.plain import Array, PlainLoops
from eid_stream.dehazing import frame_correction
from eid_stream.dehazing.correction_check import check_correction
from eid_stream.dehazing.plane_correction import apply_maps


@pytest.fixture
def given_back() -> Iterator[None]:
    before = choice._chosen[:]
    yield
    choice._chosen[:] = before


@pytest.mark.parametrize("layout", [PIXEL_LAYOUTS["yuv420p"], PIXEL_LAYOUTS["yuv422p10le"]], ids=lambda one: one.name)
def test_the_correction_that_ships_proves_itself(layout: PixelLayout) -> None:
    check_correction(layout)


@pytest.mark.usefixtures("given_back")
def test_where_compiled_loops_are_wrong_those_by_numpy_take_over() -> None:
    class Wrong(PlainLoops):
        name = "C"

        def correct(self, plane: Plane, out: Plane, gains: Array, *rest: Any) -> None:
            super().correct(plane, out, gains * np.float32(0.9), *rest)

    choice._chosen[:] = [Wrong()]
    check_correction(PIXEL_LAYOUTS["yuv420p"])
    assert choice.loops().name == PlainLoops.name


@pytest.mark.usefixtures("given_back")
def test_a_correction_that_stays_wrong_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(planes: object, out: object, maps: HazeMaps, *rest: object, bands: int) -> None:
        apply_maps(planes, out, HazeMaps(maps.values * 0.9, maps.density), *rest, bands=bands)  # type: ignore[arg-type]

    monkeypatch.setattr(frame_correction, "apply_maps", wrong)
    with pytest.raises(EngineMismatchError, match="The correction failed its self-test: a sample is off by"):
        check_correction(PIXEL_LAYOUTS["yuv420p"])
