"""The thumbnail an engine sees."""

from fractions import Fraction
from typing import cast

import numpy as np
import pytest

from eid_stream.core.frame import PIXEL_LAYOUTS, Colour, Frame, PixelLayout, Planes
from eid_stream.core.thumbnail import Area, fit, make_thumbnail


def flat_frame(layout: PixelLayout, width: int, height: int, codes: tuple[int, int, int], colour: Colour) -> Frame:
    shapes = layout.plane_shapes(width, height)
    planes = tuple(np.full(shape, code, layout.dtype) for shape, code in zip(shapes, codes, strict=True))
    return Frame(cast(Planes, planes), layout, colour, 0, Fraction(1, 25), 0, 0)


@pytest.mark.parametrize(
    ("size", "area"),
    [
        ((1920, 1080), Area(0, 24, 256, 144)),
        ((640, 480), Area(0, 0, 256, 192)),
        ((256, 256), Area(32, 0, 192, 192)),
        ((16, 4000), Area(127, 0, 2, 192)),
    ],
)
def test_the_aspect_is_kept_and_the_picture_centred(size: tuple[int, int], area: Area) -> None:
    assert fit(*size, 256, 192) == area


@pytest.mark.parametrize("name", PIXEL_LAYOUTS)
@pytest.mark.parametrize("full_range", [True, False])
def test_black_white_and_neutral_mean_the_same_in_every_layout_and_range(name: str, full_range: bool) -> None:
    layout, colour = PIXEL_LAYOUTS[name], Colour(full_range=full_range)
    black, span = colour.luma_levels(layout.bit_depth)
    neutral, _ = colour.chroma_levels(layout.bit_depth)
    frame = flat_frame(layout, 401, 301, (int(black + span), int(neutral), int(neutral)), colour)
    thumbnail = make_thumbnail(frame)
    area = thumbnail.picture
    inside = thumbnail.values[:, area.top : area.top + area.height, area.left : area.left + area.width]
    np.testing.assert_allclose(inside[0], 1.0, atol=1e-5)
    np.testing.assert_allclose(inside[1:], 0.0, atol=1e-5)


def test_shrinking_averages_instead_of_aliasing() -> None:
    layout = PIXEL_LAYOUTS["yuv420p"]
    frame = flat_frame(layout, 2048, 1536, (0, 128, 128), Colour(full_range=True))
    frame.planes[0][:, ::2] = 255
    np.testing.assert_allclose(make_thumbnail(frame).values[0], 0.5, atol=0.01)


def test_what_surrounds_the_picture_is_black() -> None:
    frame = flat_frame(PIXEL_LAYOUTS["yuv420p"], 1920, 1080, (200, 90, 150), Colour())
    assert not make_thumbnail(frame).values[:, :24].any()
    assert not make_thumbnail(frame).values[:, 168:].any()
