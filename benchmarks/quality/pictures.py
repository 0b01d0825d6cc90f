"""Pictures as measures see them: 8-bit RGB made from a frame's planes with the right matrix and range, and back."""

from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from eid_stream.core.frame import PIXEL_LAYOUTS, Colour, Frame

Rgb = NDArray[np.uint8]
"""Shape (height, width, 3), 8 bit, display-referred."""

BT601, BT709, BT2020 = 6, 1, 9
JPEG_COLOUR = Colour(matrix=BT601, full_range=True)
_LUMA_WEIGHTS = {1: (0.2126, 0.0722), 9: (0.2627, 0.0593), 10: (0.2627, 0.0593)}
_SD_WEIGHTS = (0.299, 0.114)


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One frame and its RGB rendering, made once for all rows of the table."""

    frame: Frame
    rgb: Rgb

    @classmethod
    def of(cls, frame: Frame) -> "Picture":
        """Render a frame."""
        return cls(frame, rgb_of(frame))


def rgb_of(frame: Frame) -> Rgb:
    """Render a frame's planes as 8-bit RGB; chroma is interpolated bilinearly between sample centres."""
    depth = frame.layout.bit_depth
    levels = (frame.colour.luma_levels(depth), *(frame.colour.chroma_levels(depth),) * 2)
    size = (frame.width, frame.height)
    planes = [
        cv2.resize((plane.astype(np.float32) - zero) / span, size, interpolation=cv2.INTER_LINEAR)
        for plane, (zero, span) in zip(frame.planes, levels, strict=True)
    ]
    rgb = np.stack(planes, axis=-1) @ np.linalg.inv(_to_ycbcr(frame.colour, frame.height)).T.astype(np.float32)
    return np.asarray(np.clip(rgb * 255.0 + 0.5, 0.0, 255.0), np.uint8)


def frame_of(rgb: Rgb | NDArray[np.float32], *, colour: Colour = JPEG_COLOUR, index: int = 0, rate: int = 25) -> Frame:
    """Make a yuv420p frame of an RGB picture (uint8, or float32 in [0, 1]); chroma by area averaging, even size.

    An odd last row or column is cut off, as cameras have none.
    """
    height, width = rgb.shape[0] & ~1, rgb.shape[1] & ~1
    values = rgb[:height, :width].astype(np.float32) / (255.0 if rgb.dtype == np.uint8 else 1.0)
    ycbcr = values @ _to_ycbcr(colour, height).T.astype(np.float32)
    zero, span = colour.luma_levels(8)
    luma = np.clip(ycbcr[..., 0] * span + zero + 0.5, 0, 255).astype(np.uint8)
    zero, span = colour.chroma_levels(8)
    small = cv2.resize(ycbcr[..., 1:], (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    chroma = np.clip(small * span + zero + 0.5, 0, 255).astype(np.uint8)
    planes = (luma, np.ascontiguousarray(chroma[..., 0]), np.ascontiguousarray(chroma[..., 1]))
    return Frame(
        planes=planes,
        layout=PIXEL_LAYOUTS["yuv420p"],
        colour=colour,
        pts=index,
        time_base=Fraction(1, rate),
        index=index,
        captured_ns=0,
    )


def luma_of(rgb: Rgb) -> NDArray[np.float32]:
    """BT.601 luma in [0, 1] of shape (height, width)."""
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32) / np.float32(255.0)


def _to_ycbcr(colour: Colour, height: int) -> NDArray[np.float64]:
    """Matrix from R'G'B' to Y'CbCr; untagged video is BT.601 up to 576 lines and BT.709 above, as players do it."""
    untagged = _SD_WEIGHTS if height <= 576 else _LUMA_WEIGHTS[BT709]
    red, blue = untagged if colour.matrix == 2 else _LUMA_WEIGHTS.get(colour.matrix, _SD_WEIGHTS)
    luma = np.array([red, 1.0 - red - blue, blue])
    cb = (np.array([0.0, 0.0, 1.0]) - luma) / (2.0 * (1.0 - blue))
    cr = (np.array([1.0, 0.0, 0.0]) - luma) / (2.0 * (1.0 - red))
    return np.stack([luma, cb, cr])
