from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from av.codec.context import CodecContext
from av.packet import Packet
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from eid_stream.core.ffmpeg.picture_buffer import allocate
from eid_stream.core.frame import PIXEL_LAYOUTS, Colour, Frame
from eid_stream.sinks.web.pictures.h264_track import ENCODERS, H264Track
from eid_stream.sinks.web.pictures.picture_size import size_for_page

_IDR = 5


def frame(name: str, width: int, height: int, colour: Colour | None = None) -> Frame:
    layout, colour = PIXEL_LAYOUTS[name], colour or Colour(matrix=1)
    planes, picture = allocate(width, height, layout)
    black, span = colour.luma_levels(layout.bit_depth)
    neutral, _ = colour.chroma_levels(layout.bit_depth)
    planes[0][...] = np.linspace(black, black + span, width).astype(layout.dtype)
    for plane in planes[1:]:
        plane[...] = int(neutral)
    return Frame(planes, layout, colour, 0, Fraction(1, 25), 0, 0, buffer=picture)


def kinds_of(unit: bytes) -> set[int]:
    """Types of the NAL units in an access unit."""
    return {part[0] & 0x1F for part in unit.split(b"\x00\x00\x01")[1:]}


def decoded(unit: bytes) -> VideoFrame:
    context = CodecContext.create("h264", "r")
    (picture,) = context.decode(Packet(unit)) + context.decode(None)
    return picture


def luma(unit: bytes) -> NDArray[np.uint8]:
    picture = decoded(unit)
    return np.asarray(picture.to_ndarray()[: picture.height], np.uint8)


@pytest.mark.parametrize("name", PIXEL_LAYOUTS)
@pytest.mark.parametrize("full_range", [False, True])
def test_every_layout_and_range_becomes_what_a_browser_reads(name: str, full_range: bool) -> None:
    shown = frame(name, 320, 180, Colour(matrix=1, full_range=full_range))
    seen = luma(H264Track(shown, size_for_page(shown.width, shown.height)).encode(shown, key=True))
    low, high = (0, 255) if full_range else (16, 235)
    assert seen[:, 0].mean() == pytest.approx(low, abs=3)
    assert seen[:, -1].mean() == pytest.approx(high, abs=3)


@pytest.mark.parametrize(
    ("size", "sent"),
    [
        ((321, 181), (320, 180)),
        ((720, 576), (720, 576)),
        ((3840, 2160), (1920, 1080)),
        ((1080, 1920), (608, 1080)),
    ],
)
def test_sizes_are_even_and_not_larger_than_a_page_needs(size: tuple[int, int], sent: tuple[int, int]) -> None:
    assert size_for_page(*size) == sent
    shown = frame("yuv420p", *size)
    assert luma(H264Track(shown, sent).encode(shown, key=True)).shape == (sent[1], sent[0])


@pytest.mark.parametrize(
    ("height", "colour", "sent"),
    [
        (180, Colour(), (6, 1, 1)),
        (720, Colour(), (1, 1, 1)),
        (720, Colour(matrix=6), (6, 1, 1)),
        (180, Colour(matrix=5, primaries=5, transfer=6), (5, 5, 6)),
    ],
)
def test_no_tag_is_missing_so_that_browsers_guess_nothing(
    height: int, colour: Colour, sent: tuple[int, int, int]
) -> None:
    shown = frame("yuv420p", 320, height, colour)
    seen = decoded(H264Track(shown, (320, height)).encode(shown, key=True))
    assert (seen.colorspace, seen.color_primaries, seen.color_trc) == sent


def test_a_key_picture_comes_when_it_is_asked_for_and_only_then() -> None:
    shown = frame("yuv420p", 320, 180)
    track = H264Track(shown, size_for_page(shown.width, shown.height))
    asked = [True, False, False, True, False]
    assert [_IDR in kinds_of(track.encode(shown, key=key)) for key in asked] == asked


def test_the_picture_that_other_outlets_share_is_left_alone() -> None:
    shown = frame("yuv420p", 320, 180)
    shown.buffer.pts, before = 1234, shown.planes[0].copy()
    H264Track(shown, size_for_page(shown.width, shown.height)).encode(shown, key=True)
    assert shown.buffer.pts == 1234
    np.testing.assert_array_equal(shown.planes[0], before)


def test_an_encoder_that_does_not_open_makes_room_for_the_next() -> None:
    shown = frame("yuv420p", 320, 180)
    broken = replace(ENCODERS[-1], options={"preset": "no such preset"})
    assert H264Track(shown, (320, 180), encoders=(broken, ENCODERS[-1])).encode(shown, key=True)
