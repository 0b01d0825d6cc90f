"""Maps in time: smoothed causally where the picture stands still, forgotten where time or the scene breaks."""

import math

import numpy as np
from numpy.typing import NDArray

from eid_stream.core.frame import Frame
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.thumbnail import Thumbnail
from eid_stream.dehazing.box_means import box_means

Array = NDArray[np.float32]
TIME_CONSTANT_SECONDS = 0.3
"""Of maps where the picture stands still; longer ones would let smoke outrun its maps."""
STILL, MOVING = 0.005, 0.02
"""Mean change of luma in [0, 1] of a cell's pixels from one frame to the next: up to ``STILL`` its maps are smoothed,
from ``MOVING`` on an estimate is taken as it is, for maps that lag behind a moving picture flicker: docs/quality.md."""
GAP_SECONDS = 0.5
"""A longer pause between frames, or any step backwards, starts anew."""
CUT_DIFFERENCE = 0.05
CUT_RATIO = 5.0
"""A cut changes coarse luma in [0, 1] by more than this on average, and by so many times what motion did lately."""
MOTION_SECONDS = 1.0
"""How long "lately" is."""
SAMPLED_ROWS = 96
"""Rows of luma samples by which a frame is compared with the one before, where no thumbnail is made of it."""
USUAL_MOTION = 0.02
"""Change of coarse luma per frame to be expected of a scene just met; a fast camera reaches twice that."""


class Continuity:
    """Tells whether a frame continues the one before it."""

    def __init__(self) -> None:
        self._seconds: float | None = None
        self._coarse: Array | None = None
        self._motion = USUAL_MOTION
        self.difference = 0.0
        """Mean change of coarse luma in [0, 1] from the frame before to the last one; 0 across a gap."""
        self.cut = False
        """Whether the latest frame shows another scene than the one before it."""

    def broken(self, thumbnail: Thumbnail, seconds: float) -> bool:
        """True at a scene cut, a gap, time running backwards, or the first frame. ``seconds`` is presentation time."""
        return self._broken(_coarse_luma(thumbnail), seconds)

    def broken_by(self, frame: Frame) -> bool:
        """The same of a frame, by a few of its samples: for frames of which no thumbnail is made."""
        return self._broken(_coarse_samples(frame), float(frame.seconds))

    def _broken(self, coarse: Array, seconds: float) -> bool:
        before = self._coarse
        elapsed = None if self._seconds is None else seconds - self._seconds
        self._seconds, self._coarse = seconds, coarse
        if elapsed is None or before is None:
            self.cut = True
            return True
        gap = not 0.0 <= elapsed <= GAP_SECONDS
        difference = float(np.abs(coarse - before).mean())
        self.difference = 0.0 if gap else difference
        self.cut = difference > (CUT_DIFFERENCE if gap else max(CUT_DIFFERENCE, CUT_RATIO * self._motion))
        anew = gap or self.cut
        self._motion = USUAL_MOTION if anew else _blend(self._motion, difference, elapsed / MOTION_SECONDS)
        return anew


def _coarse_luma(thumbnail: Thumbnail) -> Array:
    area = thumbnail.picture
    luma = thumbnail.values[0, area.top : area.top + area.height, area.left : area.left + area.width]
    return box_means(luma, 12, 16)


def _coarse_samples(frame: Frame) -> Array:
    """Luma like that of a thumbnail, but of every so many samples instead of all: a hundredth of the work."""
    step = max(1, frame.height // SAMPLED_ROWS)
    zero, span = frame.colour.luma_levels(frame.layout.bit_depth)
    means = box_means(frame.planes[0][::step, ::step].astype(np.float32), 12, 16)
    return np.asarray((means - np.float32(zero)) / np.float32(span), np.float32)


def _with_neighbours(cells: Array) -> Array:
    """Means over three by three cells."""
    padded = np.pad(cells, 1, mode="edge")
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    means: Array = (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / np.float32(9.0)
    return means


def _blend(before: float, now: float, time_constants: float) -> float:
    return before - math.expm1(-time_constants) * (now - before)


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
            least = _blend(0.0, 1.0, max(0.0, seconds - self._seconds) / self._time_constant_seconds)
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
