"""Means over boxes of whole pixels: sides need not be multiples."""

import numpy as np
from numpy.typing import NDArray

from eid_stream.core.kernels.choice import loops

Array = NDArray[np.float32]


def box_means(values: Array, rows: int, columns: int) -> Array:
    """Means over ``rows`` x ``columns`` boxes of (..., height, width)."""
    return loops().box_means(values, rows, columns)
