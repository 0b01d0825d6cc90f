"""Many frames held in memory, small: what makes training on a CPU fast."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from eid_stream.core.content_area import content_box
from eid_stream.smoke import scene_of
from training.data.frames import FrameRecord, load_rgb

LONGEST_SIDE = 288
"""Pixels kept of a frame's longer side: a little more than a thumbnail, so that crops stay sharp."""
LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A small copy of a frame."""

    rgb: NDArray[np.uint8]
    """Shape (height, width, 3)."""
    content: NDArray[np.uint8]
    """1 where the scene is, 0 on the black border: shape (height, width)."""
    box: tuple[int, int, int, int]
    """Left, top, width and height of the content."""
    source: str
    kind: str


def load_pictures(records: Sequence[FrameRecord]) -> list[Picture]:
    """Read and shrink frames, 5 to 10 ms each.

    Raises:
        ConfigError: a frame cannot be read.
    """
    return [make_picture(load_rgb(r.path), source=r.source, kind=r.kind) for r in records]


def make_picture(rgb: NDArray[np.float32], *, source: str = "", kind: str = "clear") -> Picture:
    """Shrink RGB (height, width, 3) in [0, 1]; frames stored squeezed into a square are stretched to 4:3."""
    height, width = rgb.shape[:2]
    if width == height:
        width = height * 4 // 3
    scale = LONGEST_SIDE / max(width, height)
    small = cv2.resize(rgb, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
    luma = np.asarray(small @ LUMA, np.float32)
    codes = np.rint(np.clip(small, 0.0, 1.0) * 255.0).astype(np.uint8)
    return Picture(codes, scene_of(np.ascontiguousarray(small)).astype(np.uint8), content_box(luma), source, kind)
