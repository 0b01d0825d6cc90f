"""The correction at full precision on a picture's samples: what ``plane_correction`` does to a video's planes."""

import numpy as np
from numpy.typing import NDArray

from eid_stream.core.haze_maps import GAIN_CHROMA, GAIN_LUMA, OFFSET_CB, OFFSET_CR, OFFSET_Y, HazeMaps
from eid_stream.dehazing.plane_correction import BRIGHT, MOST_LIGHT_ADDED, MOST_LIGHT_TAKEN
from eid_stream.stills.picture_file import Samples

Array = NDArray[np.float32]
TO_YCBCR: Array = np.array(
    [
        [0.2126, 0.7152, 0.0722],
        [-0.2126 / 1.8556, -0.7152 / 1.8556, 0.5],
        [0.5, -0.7152 / 1.5748, -0.0722 / 1.5748],
    ],
    np.float32,
)
"""R'G'B' to Y'CbCr of BT.709 (ITU-T H.273, equations 38 to 40)."""
_TO_RGB: Array = np.linalg.inv(TO_YCBCR.astype(np.float64)).astype(np.float32)
_ROWS = 256
"""Rows at a time: the work of a large picture must not take many times its own memory."""


def corrected_samples(
    samples: Samples, maps: HazeMaps, white: int, strength: float, most_taken: float = MOST_LIGHT_TAKEN
) -> Samples:
    """Samples (height, width) or (height, width, B G R [alpha]) corrected; where maps say "no haze", bit for bit.

    ``white`` is the code value of 1. Bounds are those of videos: no pixel loses more than ``most_taken`` of its luma,
    and what is bright gets no brighter. Grey stays grey.
    """
    out = samples.copy()
    height, width = samples.shape[:2]
    columns = _between(maps.values, width, axis=2)
    for first in range(0, height, _ROWS):
        last = min(height, first + _ROWS)
        cells = _between(columns, height, axis=1, first=first, last=last)
        block = samples[first:last]
        change = (_grey_change if samples.ndim == 2 else _colour_change)(block, cells, white, most_taken)
        before = block if samples.ndim == 2 else block[..., :3]
        after = before + np.float32(strength * white) * change + np.float32(0.5)
        target = out[first:last] if samples.ndim == 2 else out[first:last, :, :3]
        target[...] = np.clip(after, 0, white)
    return out


def _grey_change(block: Samples, cells: Array, white: int, most_taken: float) -> Array:
    return _luma_change(block.astype(np.float32) / np.float32(white), cells, most_taken)


def _colour_change(block: Samples, cells: Array, white: int, most_taken: float) -> Array:
    """Change of B, G, R in [0, 1], (rows, width, 3)."""
    ycbcr = block[..., 2::-1].astype(np.float32) @ (TO_YCBCR.T / np.float32(white))
    gain = cells[GAIN_CHROMA] - 1.0
    changes = np.stack(
        [
            _luma_change(ycbcr[..., 0], cells, most_taken),
            gain * ycbcr[..., 1] + cells[OFFSET_CB],
            gain * ycbcr[..., 2] + cells[OFFSET_CR],
        ],
        axis=-1,
    )
    return np.asarray((changes @ _TO_RGB.T)[..., ::-1], np.float32)


def _luma_change(luma: Array, cells: Array, most_taken: float) -> Array:
    change = (cells[GAIN_LUMA] - 1.0) * luma + cells[OFFSET_Y]
    most = np.float32(MOST_LIGHT_ADDED) * np.maximum(np.float32(BRIGHT) - luma, 0.0)
    return np.asarray(np.clip(change, np.float32(-most_taken) * luma, most), np.float32)


def _between(cells: Array, length: int, *, axis: int, first: int = 0, last: int | None = None) -> Array:
    """Values at pixels ``first`` to ``last`` of ``length`` along an axis: bilinear, the outer cells on outer pixels."""
    count = cells.shape[axis]
    places = np.arange(first, length if last is None else last) * ((count - 1) / max(length - 1, 1))
    left = np.minimum(places.astype(np.intp), count - 2)
    shape = [1, 1, 1]
    shape[axis] = len(places)
    share = (places - left).astype(np.float32).reshape(shape)
    lower, upper = np.take(cells, left, axis), np.take(cells, left + 1, axis)
    return np.asarray(lower + share * (upper - lower), np.float32)
