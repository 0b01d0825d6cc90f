"""Where the present shows what a clear view showed: dense optical flow through smoke.

Smoke takes contrast and adds light, both smoothly. Luma without its local mean, over its local deviation, is therefore
the same before and behind smoke, and flow between two such pictures tells how the scene has moved, however dense the
smoke between them (DIS, Kroeger et al. 2016), begun at the shift of the whole picture.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from eid_stream.core.box_means import box_means
from eid_stream.core.content_area import content_mask
from eid_stream.core.kernels.choice import views
from eid_stream.core.kernels.plain_views import FLOW_SHAPE
from eid_stream.core.thumbnail import Thumbnail

Array = NDArray[np.float32]
Codes = NDArray[np.uint8]
HEIGHT, WIDTH = FLOW_SHAPE
"""Size at which views are registered."""
LOCAL, LOCAL_DEVIATION = 13, 25
"""Sides in pixels of what is local: of the mean, and of the deviation from it."""
NOISE = 0.004
"""Deviation that is no detail, luma in [0, 1]."""
LEAST_RESPONSE = 0.15
"""Response of phase correlation below which its shift is chance."""
GREY, CONTRAST = 128.0, 40.0
"""Codes of no detail, and of one local deviation."""


@dataclass(frozen=True, slots=True, eq=False)
class Registration:
    """How a view has to be moved to lie over another one."""

    across: Array
    """(HEIGHT, WIDTH): where each pixel was, in pixels from the left, and ``down`` from the top."""
    down: Array
    inside: Array
    """(HEIGHT, WIDTH): 1 where that was within the view."""
    agreement: Array
    """(rows, columns) in [-1, 1]: correlation of the detail of both, by cell."""

    def moved(self, planes: Array) -> Array:
        """Planes (n, h, w) of the old view, moved; any size over the same canvas."""
        height, width = planes.shape[1:]
        across = (at_size(self.across, width, height) + 0.5) * np.float32(width / WIDTH) - 0.5
        down = (at_size(self.down, width, height) + 0.5) * np.float32(height / HEIGHT) - 0.5
        return views().sampled(planes, across, down)


def normalised_detail(thumbnail: Thumbnail) -> Codes:
    """(HEIGHT, WIDTH): luma less its local mean, over its local deviation; none at borders."""
    luma = thumbnail.values[0]
    if luma.shape != (HEIGHT, WIDTH):
        luma = at_size(luma, WIDTH, HEIGHT)
    content = content_mask(luma).astype(np.float32)
    blurred = views().local_means
    mean = blurred(luma * content, LOCAL) / np.maximum(blurred(content, LOCAL), np.float32(1e-3))
    detail = (luma - mean) * content
    deviation = np.sqrt(blurred(detail * detail, LOCAL_DEVIATION) + np.float32(NOISE**2))
    codes = np.float32(GREY + 0.5) + np.float32(CONTRAST) * np.clip(detail / deviation, -3.0, 3.0)
    return np.asarray(codes, np.uint8)


def register(now: Codes, then: Codes, rows: int, columns: int) -> Registration:
    """How ``then`` has to be moved to lie over ``now``, both of ``normalised_detail``."""
    own, other = now.astype(np.float32) - np.float32(GREY), then.astype(np.float32) - np.float32(GREY)
    right, below = views().flow(own, other, _shift(own, other))
    left, top = _places()
    across, down = left + right, top + below
    inside = (across >= 0.0) & (across <= WIDTH - 1.0) & (down >= 0.0) & (down <= HEIGHT - 1.0)
    moved = views().sampled(other[None], across, down)[0] * inside
    products, ours, theirs = box_means(np.stack([moved * own, own * own, moved * moved]), rows, columns)
    agreement = products / np.sqrt(ours * theirs + np.float32(0.1 * CONTRAST**2))
    return Registration(across, down, inside.astype(np.float32), agreement)


def at_size(planes: Array, width: int, height: int) -> Array:
    """Planes (..., h, w) of another size; means, where they become smaller."""
    if planes.shape[-2] >= height and planes.shape[-1] >= width:
        return box_means(planes, height, width)
    import cv2  # only thumbnails that are small themselves need it

    larger = [cv2.resize(plane, (width, height)) for plane in planes.reshape(-1, *planes.shape[-2:])]
    return np.asarray(larger, np.float32).reshape(*planes.shape[:-2], height, width)


def _shift(now: Array, then: Array) -> tuple[float, float]:
    """Where flow is looked for first: how the camera has moved, by phase correlation (Kuglin and Hines 1975)."""
    window = _window()
    spectrum = np.conj(np.fft.rfft2(now * window)) * np.fft.rfft2(then * window)
    likeness = np.fft.irfft2(spectrum / np.maximum(np.abs(spectrum), np.float32(1e-9)), now.shape)
    row, column = np.unravel_index(int(likeness.argmax()), likeness.shape)
    rows, columns = np.arange(row - 2, row + 3), np.arange(column - 2, column + 3)
    peak = likeness[np.ix_(rows % HEIGHT, columns % WIDTH)]
    response = float(peak.sum())
    if response <= LEAST_RESPONSE:
        return 0.0, 0.0
    across, down = float(peak.sum(0) @ columns) / response, float(peak.sum(1) @ rows) / response
    return (across + WIDTH / 2) % WIDTH - WIDTH / 2, (down + HEIGHT / 2) % HEIGHT - HEIGHT / 2


@cache
def _window() -> Array:
    return np.asarray(np.sqrt(np.hanning(HEIGHT)[:, None] * np.hanning(WIDTH)), np.float32)


@cache
def _places() -> tuple[Array, Array]:
    left, top = np.meshgrid(np.arange(WIDTH, dtype=np.float32), np.arange(HEIGHT, dtype=np.float32))
    return left, top
