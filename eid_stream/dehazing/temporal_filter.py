"""Maps in time: smoothed causally where the picture stands still."""

import math

import numpy as np
from numpy.typing import NDArray

from eid_stream.core.box_means import box_means
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.thumbnail import Thumbnail

Array = NDArray[np.float32]
TIME_CONSTANT_SECONDS = 0.3
"""Of maps where the picture stands still; longer ones would let smoke outrun its maps."""
STILL, MOVING = 0.005, 0.02
"""Mean change of luma in [0, 1] of a cell's pixels from one frame to the next: up to ``STILL`` its maps are smoothed,
from ``MOVING`` on an estimate is taken as it is, for maps that lag behind a moving picture flicker: docs/quality.md."""


def _with_neighbours(cells: Array) -> Array:
    """Means over three by three cells."""
    padded = np.pad(cells, 1, mode="edge")
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    means: Array = (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / np.float32(9.0)
    return means


class TemporalFilter:
    """First-order low-pass over haze maps, cell by cell.

    The weight of a new estimate is ``1 - exp(-dt / time constant)`` where the picture stands still, and rises to one
    where it moves (motion-adaptive recursive filtering, as it is usual for noise in video).
    """

    def __init__(self, time_constant_seconds: float = TIME_CONSTANT_SECONDS) -> None:
        self._time_constant_seconds = time_constant_seconds
        self._maps: HazeMaps | None = None
        self._luma: Array | None = None
        self._seconds = 0.0

    def update(self, maps: HazeMaps, thumbnail: Thumbnail, seconds: float) -> HazeMaps:
        """Take the estimate for the thumbnail seen at ``seconds``, on its whole canvas; returns the maps to apply."""
        before, luma_before, luma = self._maps, self._luma, thumbnail.values[0]
        if before is None or luma_before is None or self._time_constant_seconds <= 0.0:
            self._maps = maps
        elif before.values.shape != maps.values.shape or luma_before.shape != luma.shape:
            self._maps = maps  # another engine took over
        else:
            least = -math.expm1(-max(0.0, seconds - self._seconds) / self._time_constant_seconds)
            change = _with_neighbours(box_means(np.abs(luma - luma_before), *maps.grid))
            weight = np.float32(least) + np.float32(1.0 - least) * np.clip((change - STILL) / (MOVING - STILL), 0, 1)
            values = before.values + weight * (maps.values - before.values)
            density = before.density + float(weight.mean()) * (maps.density - before.density)
            self._maps = HazeMaps(values.astype(np.float32, copy=False), density)
        self._luma, self._seconds = luma, seconds
        return self._maps

    def reset(self) -> None:
        """Forget the past; the next estimate is taken as it is."""
        self._maps = None
