"""Means over boxes of whole pixels, by NumPy: sides need not be multiples."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def box_means(values: Array, rows: int, columns: int) -> Array:
    """Means over ``rows`` x ``columns`` boxes of (..., height, width)."""
    for axis, boxes in ((values.ndim - 2, rows), (values.ndim - 1, columns)):
        length, before, after = values.shape[axis], values.shape[:axis], values.shape[axis + 1 :]
        if length % boxes == 0:  # three times as fast, and the usual case
            values = values.reshape(*before, boxes, length // boxes, *after).mean(axis + 1)
            continue
        edges = np.arange(boxes + 1) * length // boxes
        sizes = np.maximum(np.diff(edges), 1).astype(np.float32)
        values = np.add.reduceat(values, edges[:-1], axis) / sizes.reshape(boxes, *(1,) * len(after))
    return values
