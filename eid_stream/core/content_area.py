"""Where an endoscopic picture is: inside a circle or an octagon, with black around it."""

import numpy as np
from numpy.typing import NDArray

from eid_stream.core.kernels.choice import views

BLACK = 0.06
"""Luma in [0, 1] up to which the border of an endoscope's picture counts as black; its noise stays below."""


def content_mask(luma: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Mark the pixels that show the scene: shape (height, width), luma in [0, 1].

    Black is border only where it is connected to the edge of the picture, so that dark anatomy stays content.
    """
    return views().content(luma, BLACK)


def content_box(luma: NDArray[np.float32]) -> tuple[int, int, int, int]:
    """Bounding box ``(left, top, width, height)`` of the rows and columns that are mostly content.

    A row or column counts when at least a tenth of it is content. A black picture is all content.
    """
    mask = content_mask(luma)
    rows = np.flatnonzero(mask.mean(axis=1) >= 0.1)
    columns = np.flatnonzero(mask.mean(axis=0) >= 0.1)
    if rows.size == 0 or columns.size == 0:
        return 0, 0, int(luma.shape[1]), int(luma.shape[0])
    left, top = int(columns[0]), int(rows[0])
    return left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1
