"""Arithmetic on the coarse cells: smoothing, and the way to the grid of an engine's maps."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from eid_stream.dehazing.memory.scene_statistics import COLUMNS, ROWS

Array = NDArray[np.float32]


def smoothed(values: Array, deviation: float) -> Array:
    """Gaussian means of (..., ROWS, COLUMNS), reflected at the edges; ``deviation`` in cells."""
    return np.asarray(_gaussian(ROWS, deviation) @ values @ _gaussian(COLUMNS, deviation).T, np.float32)


def smoothed_inside(values: Array, weight: Array, deviation: float) -> Array:
    """Gaussian means of (..., ROWS, COLUMNS), each cell counting by ``weight`` (ROWS, COLUMNS)."""
    means = smoothed(values * weight, deviation) / np.maximum(smoothed(weight, deviation), np.float32(1e-3))
    return np.asarray(means, np.float32)


def on_grid(values: Array, grid: tuple[int, int]) -> Array:
    """Values (..., ROWS, COLUMNS) at the places of a grid of maps over the same canvas, bilinear."""
    return np.asarray(_placement(ROWS, grid[0]) @ values @ _placement(COLUMNS, grid[1]).T, np.float32)


@cache
def _gaussian(cells: int, deviation: float) -> Array:
    """A row for each cell: how much the others count."""
    far = np.arange(-3 * cells, 4 * cells)
    weights = np.exp(-0.5 * ((far[None] - np.arange(cells)[:, None]) / deviation) ** 2)
    mirrored = np.abs((far + cells) % (2 * cells) - cells + 0.5) - 0.5
    matrix = np.zeros((cells, cells))
    for column, cell in enumerate(mirrored.astype(np.intp)):
        matrix[:, cell] += weights[:, column]
    return np.asarray(matrix / matrix.sum(1, keepdims=True), np.float32)


@cache
def _placement(cells: int, places: int) -> Array:
    """A row for each place of the grid, whose first and last lie on the canvas's edges: its two neighbours' shares."""
    at = np.clip(np.linspace(0.0, cells, places) - 0.5, 0.0, cells - 1.0)
    lower = np.minimum(at.astype(np.intp), cells - 2)
    matrix = np.zeros((places, cells), np.float32)
    matrix[np.arange(places), lower] = 1.0 - (at - lower)
    matrix[np.arange(places), lower + 1] = at - lower
    return matrix
