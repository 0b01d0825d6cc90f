"""Where the present shows what a clear view showed: dense optical flow through smoke.

Smoke takes contrast and adds light, both smoothly. Luma without its local mean, over its local deviation, is therefore
the same before and behind smoke, and flow between two such pictures tells how the scene has moved, however dense the
smoke between them (DIS, Kroeger et al. 2016, of OpenCV), begun at the shift of the whole picture.
"""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from eid_stream.core.box_means import box_means
from eid_stream.core.content_area import content_mask
from eid_stream.core.thumbnail import Thumbnail

Array = NDArray[np.float32]
Codes = NDArray[np.uint8]
HEIGHT, WIDTH = 96, 128
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
        across = (_at_size(self.across, width, height) + 0.5) * np.float32(width / WIDTH) - 0.5
        down = (_at_size(self.down, width, height) + 0.5) * np.float32(height / HEIGHT) - 0.5
        moved = cv2.remap(
            np.ascontiguousarray(planes.transpose(1, 2, 0)),
            across,
            down,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return np.ascontiguousarray(moved.reshape(height, width, -1).transpose(2, 0, 1))


def normalised_detail(thumbnail: Thumbnail) -> Codes:
    """(HEIGHT, WIDTH): luma less its local mean, over its local deviation; none at borders."""
    luma = thumbnail.values[0]
    if luma.shape != (HEIGHT, WIDTH):
        luma = _at_size(luma, WIDTH, HEIGHT)
    content = content_mask(luma).astype(np.float32)
    mean = _blurred(luma * content, LOCAL) / np.maximum(_blurred(content, LOCAL), np.float32(1e-3))
    detail = (luma - mean) * content
    deviation = np.sqrt(_blurred(detail * detail, LOCAL_DEVIATION) + np.float32(NOISE**2))
    codes = np.float32(GREY) + np.float32(CONTRAST) * np.clip(detail / deviation, -3.0, 3.0)
    return np.asarray(cv2.convertScaleAbs(codes), np.uint8)


def register(now: Codes, then: Codes, rows: int, columns: int) -> Registration:
    """How ``then`` has to be moved to lie over ``now``, both of ``normalised_detail``."""
    flow = _flow().calc(now, then, _shift(now, then))
    left, top = _places()
    across, down = left + flow[..., 0], top + flow[..., 1]
    inside = (across >= 0.0) & (across <= WIDTH - 1.0) & (down >= 0.0) & (down <= HEIGHT - 1.0)
    moved = cv2.remap(then.astype(np.float32) - np.float32(GREY), across, down, cv2.INTER_LINEAR)
    own = now.astype(np.float32) - np.float32(GREY)
    products, ours, theirs = box_means(np.stack([moved * own, own * own, moved * moved]), rows, columns)
    agreement = products / np.sqrt(ours * theirs + np.float32(0.1 * CONTRAST**2))
    return Registration(across, down, inside.astype(np.float32), agreement)


def _shift(now: Codes, then: Codes) -> Array:
    """Where flow is looked for first: how the camera has moved, by phase correlation (Kuglin and Hines 1975)."""
    one, other = (codes.astype(np.float32) - np.float32(GREY) for codes in (now, then))
    shift, response = cv2.phaseCorrelate(one, other, _window())
    first = np.zeros((HEIGHT, WIDTH, 2), np.float32)
    if response > LEAST_RESPONSE:
        first[:] = shift
    return first


def _blurred(plane: Array, side: int) -> Array:
    return np.asarray(cv2.blur(plane, (side, side)), np.float32)


def _at_size(plane: Array, width: int, height: int) -> Array:
    return np.asarray(cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA), np.float32)


@cache
def _window() -> Array:
    return np.asarray(cv2.createHanningWindow((WIDTH, HEIGHT), cv2.CV_32F), np.float32)


@cache
def _places() -> tuple[Array, Array]:
    left, top = np.meshgrid(np.arange(WIDTH, dtype=np.float32), np.arange(HEIGHT, dtype=np.float32))
    return left, top


def _flow() -> cv2.DISOpticalFlow:
    """At half the cost of the preset: what refines the flow once more gains nothing that cells could tell."""
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow.setPatchStride(4)
    flow.setVariationalRefinementIterations(0)
    return flow
