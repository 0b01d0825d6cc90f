"""Maps in time: smoothed causally with a time constant in seconds, forgotten where time or the scene breaks."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from eid_stream.haze_maps import HazeMaps
from eid_stream.thumbnail import Thumbnail

TIME_CONSTANT_SECONDS = 0.25
"""Long enough to calm an estimate's noise, short enough to follow a puff of smoke."""
GAP_SECONDS = 0.5
"""A longer pause between frames, or any step backwards, starts anew."""
CUT_DIFFERENCE = 0.12
"""Mean change of coarse luma in [0, 1] from one frame to the next that makes a scene cut."""


class Continuity:
    """Tells whether a frame continues the one before it."""

    def __init__(self) -> None:
        self._seconds: float | None = None
        self._coarse: NDArray[np.float32] | None = None

    def broken(self, thumbnail: Thumbnail, seconds: float) -> bool:
        """True at a scene cut, a gap, time running backwards, or the first frame. ``seconds`` is presentation time."""
        area = thumbnail.picture
        luma = thumbnail.values[0, area.top : area.top + area.height, area.left : area.left + area.width]
        coarse = np.asarray(cv2.resize(luma, (16, 12), interpolation=cv2.INTER_AREA), np.float32)
        broken = (
            self._seconds is None
            or self._coarse is None
            or not 0.0 <= seconds - self._seconds <= GAP_SECONDS
            or float(np.abs(coarse - self._coarse).mean()) > CUT_DIFFERENCE
        )
        self._seconds, self._coarse = seconds, coarse
        return broken


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
            weight = -math.expm1(-max(0.0, seconds - self._seconds) / self._time_constant_seconds)
            values = before.values + np.float32(weight) * (maps.values - before.values)
            self._maps = HazeMaps(values, before.density + weight * (maps.density - before.density))
        self._seconds = seconds
        return self._maps

    def reset(self) -> None:
        """Forget the past; the next estimate is taken as it is."""
        self._maps = None
