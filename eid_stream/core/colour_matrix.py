"""Y'CbCr of one matrix as that of another (ITU-T H.273, equations 38 to 40): engines see BT.709 only."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

BT709 = 1
LUMA_WEIGHTS = {BT709: (0.2126, 0.0722), 5: (0.299, 0.114), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}
"""Luma weights of red and blue by matrix code point: BT.709, BT.601 (two codes), BT.2020. Others pass for BT.709."""


@cache
def to_bt709(matrix: int) -> NDArray[np.float32] | None:
    """What takes Y'CbCr of a matrix to that of BT.709, (3, 3); None where nothing is to be done."""
    weights = LUMA_WEIGHTS.get(matrix, LUMA_WEIGHTS[BT709])
    if weights == LUMA_WEIGHTS[BT709]:
        return None
    return (_from_rgb(*LUMA_WEIGHTS[BT709]) @ np.linalg.inv(_from_rgb(*weights))).astype(np.float32)


@cache
def from_bt709(matrix: int) -> NDArray[np.float32] | None:
    """The inverse of ``to_bt709``."""
    forth = to_bt709(matrix)
    return None if forth is None else np.linalg.inv(forth.astype(np.float64)).astype(np.float32)


def _from_rgb(red: float, blue: float) -> NDArray[np.float64]:
    luma = np.array([red, 1.0 - red - blue, blue])
    cb = (np.array([0.0, 0.0, 1.0]) - luma) / (2.0 * (1.0 - blue))
    cr = (np.array([1.0, 0.0, 0.0]) - luma) / (2.0 * (1.0 - red))
    return np.stack([luma, cb, cr])
