"""FFmpeg's pictures as planes: views, layouts, colour."""

from fractions import Fraction

import numpy as np
import pytest
from av.video.format import VideoFormat
from av.video.frame import VideoFrame

from eid_stream.core.ffmpeg.picture_buffer import LayoutConverter, allocate, colour_of, copy, nearest_layout, tag, view
from eid_stream.core.frame import PIXEL_LAYOUTS, Colour, PixelLayout


@pytest.mark.parametrize("layout", PIXEL_LAYOUTS.values(), ids=PIXEL_LAYOUTS)
def test_what_is_written_into_allocated_planes_is_in_the_picture(layout: PixelLayout) -> None:
    planes, picture = allocate(31, 17, layout)
    assert tuple(plane.shape for plane in planes) == layout.plane_shapes(31, 17)
    for number, plane in enumerate(planes):
        plane[...] = np.arange(plane.size).reshape(plane.shape) % 200 + number
    for written, seen in zip(planes, view(picture), strict=True):
        np.testing.assert_array_equal(written, seen)
        assert np.shares_memory(written, seen)
        assert not seen.flags.writeable


def test_planes_keep_their_memory_alive_on_their_own() -> None:
    planes = view(copy(allocate(64, 48, PIXEL_LAYOUTS["yuv420p"])[0], PIXEL_LAYOUTS["yuv420p"]))
    assert [int(plane.shape[0]) for plane in planes] == [48, 24, 24]


@pytest.mark.parametrize(
    ("pixel_format", "layout"),
    [
        ("nv12", "yuv420p"),
        ("p010le", "yuv420p10le"),
        ("yuvj420p", "yuv420p"),
        ("yuyv422", "yuv422p"),
        ("uyvy422", "yuv422p"),
        ("yuv411p", "yuv422p"),
        ("yuv440p", "yuv444p"),
        ("yuv410p", "yuv420p"),
        ("yuva420p", "yuv420p"),
        ("yuv420p9le", "yuv420p10le"),
        ("yuv422p16le", "yuv422p12le"),
        ("rgb24", "yuv444p"),
        ("gbrp10le", "yuv444p10le"),
        ("pal8", "yuv444p"),
        ("gray", "yuv420p"),
        ("gray10le", "yuv420p10le"),
    ],
)
def test_other_formats_go_to_the_layout_that_keeps_most(pixel_format: str, layout: str) -> None:
    assert nearest_layout(VideoFormat(pixel_format)).name == layout


def filled(pixel_format: str, value: int) -> VideoFrame:
    picture = VideoFrame(32, 16, pixel_format)
    for plane in picture.planes:
        np.frombuffer(memoryview(plane), np.uint8)[:] = value
    return picture


@pytest.mark.parametrize("pixel_format", ["nv12", "yuyv422", "yuv411p", "yuvj422p", "gray"])
def test_conversion_keeps_code_values(pixel_format: str) -> None:
    picture = filled(pixel_format, 101)
    converted = view(LayoutConverter(nearest_layout(picture.format)).convert(picture))
    assert (converted[0] == 101).all()
    assert (converted[1] == (128 if pixel_format == "gray" else 101)).all()


def test_rgb_becomes_full_range_bt709() -> None:
    picture = filled("rgb24", 0)
    np.frombuffer(memoryview(picture.planes[0]), np.uint8)[::3] = 255
    luma, blue, red = view(LayoutConverter(PIXEL_LAYOUTS["yuv444p"]).convert(picture))
    assert (colour_of(picture).matrix, colour_of(picture).full_range) == (1, True)
    assert (int(luma[5, 5]), int(blue[5, 5]), int(red[5, 5])) == pytest.approx((54, 99, 255), abs=1)


def test_a_picture_in_the_layout_is_not_copied() -> None:
    picture = filled("yuvj420p", 7)
    assert LayoutConverter(PIXEL_LAYOUTS["yuv420p"]).convert(picture) is picture


@pytest.mark.parametrize("full_range", [None, False, True])
def test_colour_tags_survive_on_a_picture(full_range: bool | None) -> None:
    colour = Colour(matrix=9, primaries=9, transfer=16, full_range=full_range)
    picture = filled("yuv420p", 16)
    tag(picture, colour, pts=3, time_base=Fraction(1, 25))
    assert colour_of(picture) == colour
    assert picture.time == pytest.approx(0.12)
