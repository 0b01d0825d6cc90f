"""RGB pictures as the planes that the command works on, and the correction of those planes taken back to RGB."""

from fractions import Fraction
from typing import Any

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from eid_stream.core.ffmpeg.picture_buffer import LayoutConverter, colour_of, nearest_layout, view
from eid_stream.core.frame import Frame, Planes
from eid_stream.core.kernels.choice import loops


def frame_of(rgb: NDArray[Any], seconds: float) -> Frame:
    """The frame that a video of such pictures would give: 4:4:4, BT.709, full range; 12 bits for floats, else 8.

    ``rgb`` is (height, width, 3), uint8 or float32 in [0, 1].
    """
    picture = _picture(rgb)
    layout = nearest_layout(picture.format)
    colour = colour_of(picture)
    planar = LayoutConverter(layout).convert(picture)
    time = Fraction(seconds)
    return Frame(view(planar), layout, colour, time.numerator, Fraction(1, time.denominator), 0, 0, buffer=planar)


def corrected(rgb: NDArray[Any], before: Planes, after: Planes, bit_depth: int) -> NDArray[Any]:
    """The picture with what the correction has changed on its planes; where they are alike, it is untouched."""
    out = np.empty_like(rgb)
    is_byte = rgb.dtype == np.uint8
    scale = (255.0 if is_byte else 1.0) / ((1 << bit_depth) - 1)
    loops().add_difference(rgb, before, after, scale, 255.0 if is_byte else 1.0, out)
    return out


def _picture(rgb: NDArray[Any]) -> VideoFrame:
    if rgb.dtype == np.uint8:
        return VideoFrame.from_ndarray(rgb, format="rgb24")
    codes = (rgb * np.float32(65535.0) + np.float32(0.5)).astype(np.uint16)
    return VideoFrame.from_ndarray(codes, format="rgb48le")
