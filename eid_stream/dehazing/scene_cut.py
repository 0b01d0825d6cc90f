"""Scene cuts, gaps and steps back in time: where a frame does not continue the one before it."""

import math

import numpy as np
from numpy.typing import NDArray

from eid_stream.core.box_means import box_means
from eid_stream.core.frame import Frame
from eid_stream.core.thumbnail import Thumbnail
from eid_stream.dehazing.memory.cell_grid import smoothed

Array = NDArray[np.float32]
GAP_SECONDS = 0.5
"""A longer pause between frames, or any step backwards, starts anew."""
CUT_DIFFERENCE = 0.05
CUT_RATIO = 5.0
"""A cut changes coarse luma in [0, 1] by more than this on average, and by so many times what motion did lately."""
CUT_LIKENESS = 0.5
"""Correlation of the coarse luma's shape from which nothing was cut, however much it changed: smoke that comes at once
and a jump of the exposure leave 0.6 and more, cuts 0.4 and less."""
PARTS = 3, 4
"""Rows and columns of parts of the picture that are compared by themselves."""
PARTS_LIKENESS = 0.7
"""Median likeness of the parts from which nothing was cut: a bright instrument that sweeps in changes some of them.
It leaves 0.88, cuts 0.6 and less."""
SHAPE = 2.5
"""Deviation in cells of what counts as shape: smoke is smoother."""
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
        changed = difference > (CUT_DIFFERENCE if gap else max(CUT_DIFFERENCE, CUT_RATIO * self._motion))
        self.cut = changed and not _alike(coarse, before)
        anew = gap or self.cut
        self._motion = USUAL_MOTION if anew else self._motion + _share(elapsed) * (difference - self._motion)
        return anew


def _alike(one: Array, other: Array) -> bool:
    """Whether both show one scene, as a whole or in most of their parts."""
    shapes = [each - smoothed(each, SHAPE) for each in (one, other)]
    if _likeness(*shapes) >= CUT_LIKENESS:
        return True
    rows, columns = PARTS
    parts = zip(*([p for row in np.split(s, rows) for p in np.split(row, columns, 1)] for s in shapes), strict=True)
    return float(np.median([_likeness(*pair) for pair in parts])) >= PARTS_LIKENESS


def _likeness(one: Array, other: Array) -> float:
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one.ravel() @ other.ravel()) / lengths if lengths > 0.0 else 0.0


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


def _share(elapsed: float) -> float:
    return -math.expm1(-elapsed / MOTION_SECONDS)
