"""What a scene looks like when it is clear: moments of its statistics, kept in few numbers."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from eid_stream.dehazing.memory.cell_grid import smoothed
from eid_stream.dehazing.memory.clear_views import ClearViews, Recalled
from eid_stream.dehazing.memory.scene_statistics import COLUMNS, ROWS, SceneStatistics

Array = NDArray[np.float32]
Numbers = NDArray[np.float64]
REGION = 1.5
"""Deviation in cells of the region whose past tells what a cell may hold: the camera and the instruments move."""
LEAST_DEVIATION = (0.03, 0.01, 0.01)
"""Of Y', Cb, Cr in a region, and ``LEAST_LOG_DEVIATION`` of detail: no past is so narrow that it binds the present."""
LEAST_LOG_DEVIATION = 0.1
LEAST_CHANGE = (0.012, 0.004, 0.004)
"""Deviation of Y, Cb, Cr of a cell between two views that are wholly alike, and ``LEAST_LOG_CHANGE`` of detail."""
LEAST_LOG_CHANGE = 0.06
WHOLE_CHANGE = (0.045, 0.010, 0.009, 0.14, 0.12, 0.18, 0.06)
"""Deviation of ``SceneStatistics.whole`` between two clear views, times the root of what their likeness lacks of 1."""
LEAST_WHOLE_CHANGE = (0.004, 0.001, 0.001, 0.01, 0.01, 0.015, 0.008)
_PAIRS = [(i, j) for i in range(5) for j in range(i, 5)]


@dataclass(frozen=True, slots=True, eq=False)
class Expectation:
    """What is to be expected of a clear view, by cell: a normal distribution of colours, another one of detail."""

    mean: Array
    """(3, ROWS, COLUMNS), of Y', Cb, Cr."""
    precision: Array
    """(6, ROWS, COLUMNS): the inverse covariance's entries 00, 01, 02, 11, 12, 22."""
    log_detail: Array
    log_detail_variance: Array
    whole: Numbers
    """(7,), as ``SceneStatistics.whole``."""
    whole_variance: Numbers
    """(7,), of the same from one clear view to another."""
    opacity: float
    """What is taken for opacity in clear views: to be deducted."""
    seen: float
    """Mean opacity that the engine sees in them, likewise."""
    likeness: float = 0.0
    """How much like what is seen now the clear view is that this was narrowed by (``narrowed``)."""
    recalled: Recalled | None = None
    """That view."""

    def narrowed(self, recalled: Recalled | None) -> "Expectation":
        """With a clear view like the present one taken for a measurement of what the present would be if clear.

        Two views whose cells correlate by r differ by a variance of 2 (1 - r) that of the cells.
        """
        if recalled is None or recalled.likeness <= 0.0:
            return replace(self, recalled=recalled)
        view, unlike = recalled.view, np.maximum(1.0 - recalled.by_plane, 0.0)
        content = view.content / max(float(view.content.sum()), 1e-3)
        planes = np.concatenate([view.mean, view.log_detail[None]])
        centred = planes - (planes * content).sum((1, 2), keepdims=True)
        variance = 2.0 * unlike * (np.square(centred) * content).sum((1, 2)) + np.square(
            (*LEAST_CHANGE, LEAST_LOG_CHANGE)
        )
        told = (1.0 / variance).astype(np.float32)[:, None, None] * np.minimum(4.0 * view.content, np.float32(1.0))
        precision = self.precision.copy()
        precision[[0, 3, 5]] += told[:3]
        mean = self.mean + _solved(precision, told[:3] * (view.mean - self.mean))
        detail = 1.0 / (1.0 / self.log_detail_variance + told[3])
        whole_change = np.square(WHOLE_CHANGE) * (1.0 - recalled.likeness) + np.square(LEAST_WHOLE_CHANGE)
        known = self.whole_variance + np.square(LEAST_WHOLE_CHANGE)
        share = known / (known + whole_change)
        return replace(
            self,
            mean=np.ascontiguousarray(mean, np.float32),
            precision=precision,
            log_detail=np.asarray(self.log_detail + detail * told[3] * (view.log_detail - self.log_detail), np.float32),
            log_detail_variance=np.asarray(detail, np.float32),
            whole=self.whole + share * (view.whole() - self.whole),
            whole_variance=share * whole_change,
            likeness=recalled.likeness,
            recalled=recalled,
        )


def _solved(matrix: Array, right: Array) -> Array:
    """What symmetric matrices (6, ...), entries 00, 01, 02, 11, 12, 22, times it give (3, ...), by their cofactors.

    For three unknowns that takes a fifth of the time of LAPACK's.
    """
    a, b, c, d, e, f = matrix.astype(np.float64)
    x, y, z = right
    aa, ab, ac = d * f - e * e, c * e - b * f, b * e - c * d
    bb, bc, cc = a * f - c * c, b * c - a * e, a * d - b * b
    solved = np.stack([aa * x + ab * y + ac * z, ab * x + bb * y + bc * z, ac * x + bc * y + cc * z])
    return np.asarray(solved / (a * aa + b * ab + c * ac), np.float32)


class RememberedScene:
    """Moments of clear views, the newer the weightier."""

    def __init__(self) -> None:
        self.seconds = 0.0
        """How much of clear time it holds."""
        self._sums = np.zeros((len(_PAIRS), ROWS, COLUMNS), np.float32)
        self._whole = np.zeros(16)
        self._weight = 0.0
        self._views = ClearViews()
        self._clock = 0.0
        self._expectation: Expectation | None = None

    def add(
        self,
        view: SceneStatistics,
        opacity: float,
        seen: float,
        *,
        seconds: float,
        time_constant_seconds: float,
    ) -> None:
        """Remember a clear view that stands for so many seconds; older ones fade with the time constant."""
        kept, new = math.exp(-seconds / time_constant_seconds), -math.expm1(-seconds / time_constant_seconds)
        row = np.concatenate([np.ones((1, ROWS, COLUMNS), np.float32), view.mean, view.log_detail[None]])
        products = np.stack([row[i] * row[j] for i, j in _PAIRS]) * view.content
        numbers = view.whole()
        whole = np.array([*numbers, *numbers**2, opacity, seen])
        self._sums = np.float32(kept) * self._sums + np.float32(new) * products
        self._whole = kept * self._whole + new * whole
        self._weight = kept * self._weight + new
        self.seconds = min(self.seconds + seconds, time_constant_seconds * 10.0)
        self._clock += seconds
        self._views.add(view, self._clock)
        self._expectation = None

    def expectation(self, view: SceneStatistics) -> Expectation:
        """What this view is expected to look like when it is clear; something must have been added."""
        return self.overall.narrowed(self._views.recall(view))

    @property
    def overall(self) -> Expectation:
        """What any view of it is expected to look like; something must have been added."""
        if self._expectation is None:
            self._expectation = self._expect()
        return self._expectation

    def _expect(self) -> Expectation:
        sums = smoothed(self._sums, REGION)
        moments = np.zeros((5, 5, ROWS, COLUMNS), np.float32)
        for (i, j), total in zip(_PAIRS, sums / np.maximum(sums[0], np.float32(1e-4)), strict=True):
            moments[i, j] = moments[j, i] = total
        mean = moments[0, 1:4]
        covariance = (moments[1:4, 1:4] - mean[:, None] * mean[None]).transpose(2, 3, 0, 1)
        inverse = np.linalg.inv(covariance + np.diag(np.square(LEAST_DEVIATION)))
        precision = np.stack([inverse[..., i, j] for i, j in ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))])
        log_detail = moments[0, 4]
        spread = np.maximum(moments[4, 4] - log_detail**2, 0.0) + LEAST_LOG_DEVIATION**2
        whole = self._whole / self._weight
        opacity, seen = (float(value) for value in whole[14:])
        return Expectation(
            np.ascontiguousarray(mean),
            precision.astype(np.float32),
            np.ascontiguousarray(log_detail),
            spread.astype(np.float32),
            whole[:7],
            np.maximum(whole[7:14] - whole[:7] ** 2, 0.0),
            opacity,
            seen,
        )
