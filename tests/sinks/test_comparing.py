import time
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from eid_stream.core.frame import DEHAZED, PIXEL_LAYOUTS, Colour, Frame, PixelLayout, StreamInfo
from eid_stream.sinks.comparing import ComparingSink, compared_info, side_by_side, split
from tests.stand_ins.failing_stages import CollectingSink

LAYOUTS = list(PIXEL_LAYOUTS.values())


def make_pair(layout: PixelLayout, width: int = 64, height: int = 32) -> Frame:
    """A dehazed frame of random samples whose original has other random samples."""
    random = np.random.default_rng(3)

    def planes() -> list[np.ndarray]:
        top = 1 << layout.bit_depth
        return [random.integers(0, top, shape).astype(layout.dtype) for shape in layout.plane_shapes(width, height)]

    captured = Frame(tuple(planes()), layout, Colour(), 7, Fraction(1, 25), 7, time.monotonic_ns())  # type: ignore[arg-type]
    return replace(captured, planes=tuple(planes()), state=DEHAZED, original=captured)  # type: ignore[arg-type]


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: str(layout.name))
@pytest.mark.parametrize("width", [64, 63, 2000])
def test_split_shows_the_original_left_of_a_line_and_the_dehazed_picture_right_of_it(
    layout: PixelLayout, width: int
) -> None:
    frame = make_pair(layout, width)
    shown = split(frame)
    for number, (plane, original, dehazed) in enumerate(
        zip(shown.planes, frame.captured.planes, frame.planes, strict=True)
    ):
        middle = plane.shape[1] // 2
        white = (235, 128, 128)[number] << (layout.bit_depth - 8)
        lines = np.flatnonzero((plane == white).all(axis=0))
        assert 1 <= lines.size <= 2
        assert abs(int(lines[0]) - middle) <= 2
        np.testing.assert_array_equal(plane[:, : lines[0]], original[:, : lines[0]])
        np.testing.assert_array_equal(plane[:, lines[-1] + 1 :], dehazed[:, lines[-1] + 1 :])
    assert (shown.pts, shown.state, shown.width, shown.height) == (frame.pts, frame.state, width, 32)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: str(layout.name))
@pytest.mark.parametrize("width", [64, 63])
def test_side_by_side_holds_both_pictures_whole_in_every_layout(layout: PixelLayout, width: int) -> None:
    frame = make_pair(layout, width)
    shown = side_by_side(frame)
    info = StreamInfo("a", width, 32, layout, Colour(), Fraction(1, 25))
    wide = compared_info(info, "side")
    assert (shown.width, shown.height) == (wide.width, wide.height) == (2 * width + width % 2, 32)
    for plane, original, dehazed in zip(shown.planes, frame.captured.planes, frame.planes, strict=True):
        np.testing.assert_array_equal(plane[:, : original.shape[1]], original)
        np.testing.assert_array_equal(plane[:, -original.shape[1] :], dehazed)


@pytest.mark.parametrize(("rotation", "turns"), [(0, 0), (90, 1), (180, 2), (270, 3)])
def test_the_original_is_on_the_viewers_left_however_the_picture_is_turned(rotation: int, turns: int) -> None:
    frame = make_pair(PIXEL_LAYOUTS["yuv444p"], 64, 32)
    seen = np.rot90(split(frame, rotation=rotation).planes[0], turns)
    original, dehazed = (np.rot90(planes[0], turns) for planes in (frame.captured.planes, frame.planes))
    np.testing.assert_array_equal(seen[:, :12], original[:, :12])
    np.testing.assert_array_equal(seen[:, -12:], dehazed[:, -12:])
    info = StreamInfo("a", 64, 32, frame.layout, Colour(), Fraction(1, 25), rotation=rotation)
    doubled = side_by_side(frame, rotation=rotation)
    both = np.rot90(doubled.planes[0], turns)
    np.testing.assert_array_equal(both, np.hstack([original, dehazed]))
    assert (compared_info(info, "side").width, compared_info(info, "side").height) == (doubled.width, doubled.height)


def test_a_frame_shown_as_captured_is_the_same_on_both_sides() -> None:
    captured = make_pair(PIXEL_LAYOUTS["yuv420p"]).captured
    left, right = np.hsplit(side_by_side(captured).planes[0], 2)
    np.testing.assert_array_equal(left, right)


def test_the_comparing_sink_passes_every_frame_on_and_closes_what_it_wraps() -> None:
    sink = CollectingSink()
    comparing = ComparingSink(sink, "split")
    comparing.write(make_pair(PIXEL_LAYOUTS["yuv420p"]))
    comparing.close()
    assert sink.indices == [7]
    assert sink.closed


def test_only_side_by_side_changes_the_size_of_a_stream() -> None:
    info = StreamInfo("a", 64, 32, PIXEL_LAYOUTS["yuv420p"], Colour(), Fraction(1, 25))
    assert compared_info(info, None) == compared_info(info, "split") == info
