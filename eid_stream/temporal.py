"""Maps in time: smoothed causally with a time constant in seconds, forgotten where time or the scene breaks."""

import math

import numpy as np
from numpy.typing import NDArray

from eid_stream.haze_maps import HazeMaps
from eid_stream.thumbnail import Thumbnail

TIME_CONSTANT_SECONDS = 0.05
"""Long enough to calm an estimate's noise. Longer ones lag behind a moving camera and flicker more: docs/quality.md."""
GAP_SECONDS = 0.5
"""A longer pause between frames, or any step backwards, starts anew."""
CUT_DIFFERENCE = 0.05
CUT_RATIO = 5.0
"""A cut changes coarse luma in [0, 1] by more than this on average, and by so many times what motion did lately."""
MOTION_SECONDS = 1.0
"""How long "lately" is."""
USUAL_MOTION = 0.02
"""Change of coarse luma per frame to be expected of a scene just met; a fast camera reaches twice that."""


class Continuity:
    """Tells whether a frame continues the one before it."""

    def __init__(self) -> None:
        self._seconds: float | None = None
        self._coarse: NDArray[np.float32] | None = None
        self._motion = USUAL_MOTION

    def broken(self, thumbnail: Thumbnail, seconds: float) -> bool:
        """True at a scene cut, a gap, time running backwards, or the first frame. ``seconds`` is presentation time."""
        coarse, before = _coarse_luma(thumbnail), self._coarse
        elapsed = None if self._seconds is None else seconds - self._seconds
        self._seconds, self._coarse = seconds, coarse
        if elapsed is None or before is None or not 0.0 <= elapsed <= GAP_SECONDS:
            self._motion = USUAL_MOTION
            return True
        difference = float(np.abs(coarse - before).mean())
        cut = difference > max(CUT_DIFFERENCE, CUT_RATIO * self._motion)
        self._motion = USUAL_MOTION if cut else _blend(self._motion, difference, elapsed / MOTION_SECONDS)
        return cut


def _coarse_luma(thumbnail: Thumbnail) -> NDArray[np.float32]:
    """Means over 12 x 16 boxes; by NumPy, so that a file needs no OpenCV (25 MiB)."""
    area = thumbnail.picture
    luma = thumbnail.values[0, area.top : area.top + area.height, area.left : area.left + area.width]
    for axis, boxes in ((0, 12), (1, 16)):
        edges = np.arange(boxes + 1) * luma.shape[axis] // boxes
        sizes = np.maximum(np.diff(edges), 1).astype(np.float32)
        luma = np.add.reduceat(luma, edges[:-1], axis) / np.expand_dims(sizes, 1 - axis)
    return luma


def _blend(before: float, now: float, time_constants: float) -> float:
    return before - math.expm1(-time_constants) * (now - before)


class TemporalFilter:
    """First-order low-pass over haze maps: weight of a new estimate is ``1 - exp(-dt / time constant)``."""

    def __init__(self, time_constant_seconds: float = TIME_CONSTANT_SECONDS) -> None:
        self._time_constant_seconds = time_constant_seconds
        self._maps: HazeMaps | None = None
        self._seconds = 0.0

    def update(self, maps: HazeMaps, seconds: float) -> HazeMaps:
        """Take the estimate for the frame at ``seconds`` and return the maps to apply to that very frame."""
        before = self._maps
        if before is None or before.values.shape != maps.values.shape or self._time_constant_seconds <= 0.0:
            self._maps = maps
        else:
            weight = _blend(0.0, 1.0, max(0.0, seconds - self._seconds) / self._time_constant_seconds)
            values = before.values + np.float32(weight) * (maps.values - before.values)
            self._maps = HazeMaps(values, before.density + weight * (maps.density - before.density))
        self._seconds = seconds
        return self._maps

    def reset(self) -> None:
        """Forget the past; the next estimate is taken as it is."""
        self._maps = None
