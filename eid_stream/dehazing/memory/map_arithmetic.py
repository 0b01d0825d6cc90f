"""Arithmetic of haze maps: strength, sequence and mixture. All of (5, grid_height, grid_width), as in ``HazeMaps``."""

import numpy as np
from numpy.typing import NDArray

from eid_stream.core.haze_maps import GAIN_CHROMA, GAIN_LUMA, GAIN_RANGE, OFFSET_CB, OFFSET_LIMIT, OFFSET_Y

Array = NDArray[np.float32]
_GAINS, _OFFSETS = [GAIN_LUMA, GAIN_CHROMA], [OFFSET_Y, OFFSET_CB, OFFSET_CB + 1]
_GAIN_OF_OFFSETS = [GAIN_LUMA, GAIN_CHROMA, GAIN_CHROMA]


def scattering(opacity: Array, airlight: Array) -> Array:
    """Maps that take smoke of one opacity (h, w) for luma and chroma away, before an airlight (3, h, w) in Y'CbCr."""
    gain = np.float32(1.0) / (np.float32(1.0) - opacity)
    offset = airlight * (np.float32(1.0) - gain)
    return np.stack([gain, offset[0], gain, offset[1], offset[2]])


def weakened(values: Array, share: Array | float) -> Array:
    """Maps that take a share, for all or each (h, w), of the opacity away that ``values`` take away.

    The airlight is the same.
    """
    one, kept = np.float32(1.0), np.asarray(share, np.float32)
    gain = values[_GAINS]
    less = one / (one - kept * (one - one / gain))
    added = gain - one
    plain = np.abs(added) < 1e-3
    ratio = np.where(plain, kept, (less - one) / np.where(plain, one, added))
    result = np.empty_like(values)
    result[_GAINS] = less
    result[_OFFSETS] = values[_OFFSETS] * ratio[[0, 1, 1]]
    return result


def one_after_the_other(first: Array, second: Array) -> Array:
    """Maps that do what ``first`` and then ``second`` do."""
    result = np.empty_like(first)
    result[_GAINS] = second[_GAINS] * first[_GAINS]
    result[_OFFSETS] = second[_GAIN_OF_OFFSETS] * first[_OFFSETS] + second[_OFFSETS]
    return result


def bounded(values: Array) -> Array:
    """Maps within the limits that ``HazeMaps.fault`` knows."""
    result = np.clip(values, -OFFSET_LIMIT, OFFSET_LIMIT).astype(np.float32)
    result[_GAINS] = np.clip(values[_GAINS], *GAIN_RANGE)
    return result


def identity(grid: tuple[int, int]) -> Array:
    """Maps that change nothing."""
    values = np.zeros((5, *grid), np.float32)
    values[_GAINS] = 1.0
    return values
