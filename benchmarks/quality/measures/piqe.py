"""PIQE: share of visibly distorted blocks among the active ones, in per cent; lower is better.

Written from Venkatanath et al., "Blind image quality evaluation using perception based features", NCC 2015.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from benchmarks.quality.measures.niqe import normalised
from benchmarks.quality.pictures import Rgb

BLOCK = 16
_SEGMENT = 6
_ACTIVE = 0.1
"""Variance of normalised coefficients above which a block shows something (section III-A)."""
_FLAT = 0.1
"""Standard deviation below which a segment of a block's edge is noticeably flat (section III-B)."""

Values = NDArray[np.float64]


def piqe(picture: Rgb, content: NDArray[np.bool_] | None = None) -> float:
    """Score in [0, 100] of the whole blocks that lie in ``content`` (height, width)."""
    luma = picture.astype(np.float64) @ np.array([0.299, 0.587, 0.114])
    blocks = _blocks(normalised(np.rint(255.0 * luma / max(luma.max(), 1.0))))
    if content is not None:
        blocks = blocks[_blocks(content.astype(np.float64)).min(axis=(1, 2)) > 0]
    variance = blocks.var(axis=(1, 2), ddof=1)
    active = variance > _ACTIVE
    distorted = (1.0 - variance) * _has_flat_edge(blocks) + variance * _is_noisy(blocks, np.sqrt(variance))
    return float(100.0 * (distorted[active].sum() + 1.0) / (active.sum() + 1.0))


def _blocks(values: Values) -> Values:
    rows, columns = values.shape[0] // BLOCK, values.shape[1] // BLOCK
    cut = values[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK, columns, BLOCK)
    return np.asarray(cut.swapaxes(1, 2).reshape(-1, BLOCK, BLOCK), np.float64)


def _has_flat_edge(blocks: Values) -> NDArray[np.bool_]:
    edges = np.stack([blocks[:, 0], blocks[:, -1], blocks[:, :, 0], blocks[:, :, -1]], axis=1)
    segments = sliding_window_view(edges, _SEGMENT, axis=-1).std(axis=-1, ddof=1)
    return np.asarray((segments < _FLAT).any(axis=(1, 2)))


def _is_noisy(blocks: Values, sigma: Values) -> NDArray[np.bool_]:
    """Noise has as much spread in a block's centre columns as around them (section III-C)."""
    middle = BLOCK // 2
    centre = blocks[:, :, middle - 1 : middle + 1]
    around = np.delete(blocks, [middle - 1, middle], axis=2)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.nan_to_num(centre.std(axis=(1, 2), ddof=1) / around.std(axis=(1, 2), ddof=1))
        beta = np.abs(sigma - ratio) / np.maximum(sigma, ratio)
        return np.asarray(sigma > 2.0 * beta)
