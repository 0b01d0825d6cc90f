"""One frame through the whole dehaze stage."""

from dataclasses import replace
from fractions import Fraction
from typing import cast

import numpy as np
import pytest

from eid_stream.backends.prior_engine import PriorEngine
from eid_stream.core.frame import PIXEL_LAYOUTS, Colour, Frame, Planes
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.thumbnail import Thumbnail
from eid_stream.dehazing.frame_dehazer import FrameDehazer
from tests.stand_ins.failing_engines import FAULTS, FailingEngine, Fault, raises_known

LAYOUT = PIXEL_LAYOUTS["yuv420p"]


def hazy_frame(index: int = 0, rate: int = 25) -> Frame:
    """A picture with a red scene behind a grey veil."""
    rng = np.random.default_rng(index)
    height, width = 120, 160
    scene = rng.integers(60, 120, (height, width))
    planes = (
        (0.6 * scene + 0.4 * 220).astype(np.uint8),
        np.full((height // 2, width // 2), 124, np.uint8),
        np.full((height // 2, width // 2), 140, np.uint8),
    )
    return Frame(cast(Planes, planes), LAYOUT, Colour(), index, Fraction(1, rate), index, 0)


def same_planes(a: Frame, b: Frame) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a.planes, b.planes, strict=True))


def test_haze_is_removed_and_the_original_kept_beside() -> None:
    frame = hazy_frame()
    result = FrameDehazer(PriorEngine()).dehaze(frame)
    assert result.state.dehazed
    assert result.original is frame
    assert result.maps is not None
    assert result.maps.density > 0.05
    assert result.planes[0].mean() < frame.planes[0].mean() - 10
    assert result.planes[0].std() > 1.2 * frame.planes[0].std()
    assert (result.pts, result.index, result.time_base) == (frame.pts, frame.index, frame.time_base)


def test_strength_zero_hands_back_the_very_same_picture() -> None:
    frame = hazy_frame()
    result = FrameDehazer(PriorEngine(), strength=0.0).dehaze(frame)
    assert result.planes is frame.planes
    assert not result.state.dehazed


def test_strength_can_be_changed_between_two_frames() -> None:
    dehazer = FrameDehazer(PriorEngine())
    strong = dehazer.dehaze(hazy_frame())
    dehazer.strength = 0.3
    weak = dehazer.dehaze(hazy_frame())
    assert strong.planes[0].mean() < weak.planes[0].mean() < hazy_frame().planes[0].mean()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_shows_that_very_frame_as_captured_and_the_next_one_dehazed(fault: Fault) -> None:
    dehazer = FrameDehazer(FailingEngine(fault, calls=range(1, 2)))
    results = [dehazer.dehaze(hazy_frame(index)) for index in range(3)]
    assert [result.state.dehazed for result in results] == [True, False, True]
    assert same_planes(results[1], hazy_frame(1))
    assert results[1].state.why


def test_the_reason_of_a_fault_travels_with_the_frame() -> None:
    dehazer = FrameDehazer(FailingEngine(raises_known, calls=range(1)))
    assert dehazer.dehaze(hazy_frame()).state.why == "the device is lost"


def test_a_reason_of_several_lines_becomes_one_sentence() -> None:
    def talks(_: Thumbnail) -> HazeMaps:
        raise RuntimeError("CUDA error:\n  out of memory\n")

    dehazer = FrameDehazer(FailingEngine(talks, calls=range(1)))
    assert dehazer.dehaze(hazy_frame()).state.why == "RuntimeError: CUDA error: out of memory"


def test_a_gap_resets_the_engine() -> None:
    engine = FailingEngine(raises_known, calls=range(0))
    dehazer = FrameDehazer(engine)
    for pts in (0, 1, 2, 100, 101, 50):
        dehazer.dehaze(replace(hazy_frame(), pts=pts))
    assert engine.resets == 3
