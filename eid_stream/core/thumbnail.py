"""The thumbnail: the small picture an engine sees, cut from the planes of a frame."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eid_stream.core.colour_matrix import to_bt709
from eid_stream.core.frame import Frame, Plane
from eid_stream.core.kernels.choice import loops

THUMBNAIL_WIDTH = 256
THUMBNAIL_HEIGHT = 192
"""Default canvas: 4:3 fills it, 16:9 uses 256x144 of it."""


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle in pixels of the thumbnail."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, eq=False)
class Thumbnail:
    """A whole frame on a small canvas: aspect kept, centred, black around it.

    ``values`` is float32 of shape (3, height, width): Y' in [0, 1], Cb and Cr in [-0.5, 0.5] (excursions of
    limited range may lie slightly outside), of BT.709 whatever the stream's matrix is. ``picture`` is where the frame
    lies.
    """

    values: NDArray[np.float32]
    picture: Area


def fit(width: int, height: int, canvas_width: int, canvas_height: int) -> Area:
    """Largest centred rectangle of the canvas with the aspect of ``width`` x ``height`` stored pixels."""
    scale = min(canvas_width / width, canvas_height / height)
    fitted_width = min(canvas_width, max(2, round(width * scale)))
    fitted_height = min(canvas_height, max(2, round(height * scale)))
    return Area((canvas_width - fitted_width) // 2, (canvas_height - fitted_height) // 2, fitted_width, fitted_height)


def make_thumbnail(frame: Frame, width: int = THUMBNAIL_WIDTH, height: int = THUMBNAIL_HEIGHT) -> Thumbnail:
    """Shrink a frame's planes onto a canvas by area averaging; no RGB, chroma is averaged at its own resolution."""
    area = fit(frame.width, frame.height, width, height)
    values = np.zeros((3, height, width), np.float32)
    depth = frame.layout.bit_depth
    levels = (frame.colour.luma_levels(depth), *(frame.colour.chroma_levels(depth),) * 2)
    for canvas, plane, (zero, span) in zip(values, frame.planes, levels, strict=True):
        target = canvas[area.top : area.top + area.height, area.left : area.left + area.width]
        _shrink(plane, target, 1.0 / span, zero / span)
    matrix = to_bt709(frame.colour.matrix)
    if matrix is not None:
        values = np.matmul(matrix, values.reshape(3, -1)).reshape(values.shape)
    return Thumbnail(values, area)


def _shrink(plane: Plane, target: NDArray[np.float32], scale: float, zero: float) -> None:
    """A plane, times ``scale``, less ``zero``, into a target; OpenCV's INTER_AREA takes five times as long."""
    height, width = target.shape
    if width <= plane.shape[1] and height <= plane.shape[0]:
        loops().average(plane, target, scale, zero)
        return
    import cv2  # only small pictures need it

    larger = np.asarray(cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    np.subtract(larger * np.float32(scale), np.float32(zero), out=target)
