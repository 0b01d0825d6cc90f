"""Single clear views of the scene, and which of them shows what is seen now.

Where the camera stands still, as it does while one cuts, the view of a moment ago tells of a thin veil what no average
over the scene can. Views are alike by the correlation of their cells, which smoke hardly changes: a veil is smooth, and
correlation asks neither for brightness nor for contrast.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from eid_stream.core.box_means import box_means
from eid_stream.dehazing.memory.cell_grid import smoothed_inside
from eid_stream.dehazing.memory.registration import Registration, register
from eid_stream.dehazing.memory.scene_statistics import COLUMNS, PIXELS, ROWS, SceneStatistics

Array = NDArray[np.float32]
MOST_VIEWS = 40
SAME_VIEW = 0.97
"""Likeness from which two views show the same thing: only the clearer of them is kept."""
BETWEEN_SECONDS = 1.0
"""A view that is like the newest one is kept no sooner than this after it."""
SHAPE = 2.5
"""Deviation in cells of what counts as shape: smoke is smoother."""


@dataclass(frozen=True, slots=True, eq=False)
class ClearView:
    """A clear view and what it is recognised by."""

    view: SceneStatistics
    seconds: float
    mark: Array
    """(4 * ROWS * COLUMNS,): standardised cells of Y', Cb, Cr, log detail."""
    shape: Array
    """The same without what is smooth."""


@dataclass(frozen=True, slots=True, eq=False)
class Recalled:
    """The clear view that is most like what is seen now."""

    view: SceneStatistics
    likeness: float
    """Mean correlation of the cells of Y', Cb, Cr, in [-1, 1]."""
    by_plane: NDArray[np.float64]
    """(4,), the same for each of Y', Cb, Cr, log detail."""
    moved: SceneStatistics
    """The same view, moved to lie over what is seen now; its content is what it shows of that."""
    agreement: Array
    """(ROWS, COLUMNS) in [-1, 1]: correlation of detail there."""


class ClearViews:
    """The latest clear views, a second or more apart."""

    def __init__(self) -> None:
        self._views: list[ClearView] = []
        self._stacked: tuple[Array, Array] | None = None

    def __len__(self) -> int:
        return len(self._views)

    def add(self, view: SceneStatistics, seconds: float) -> None:
        """Keep a view, in place of one that shows the same less clearly; ``seconds`` only rise."""
        new = _marked(view, seconds)
        alike = [float(_alike(new, old)[:3].mean()) for old in self._views]
        if alike and max(alike) > SAME_VIEW:
            number = int(np.argmax(alike))
            if view.dark <= self._views[number].view.dark:
                self._views[number] = new
        elif not self._views or seconds - self._views[-1].seconds >= BETWEEN_SECONDS:
            self._views = [*self._views[1 - MOST_VIEWS :], new]
        self._stacked = None

    def recall(self, view: SceneStatistics) -> Recalled | None:
        """The view most like this one; None without any."""
        if not self._views:
            return None
        now = _marked(view, math.nan)
        if self._stacked is None:
            self._stacked = _by_plane([v.mark for v in self._views]), _by_plane([v.shape for v in self._views])
        alike = [kept @ own.reshape(4, -1, 1) for kept, own in zip(self._stacked, (now.mark, now.shape), strict=True)]
        by_plane = 0.5 * (alike[0] + alike[1])[..., 0].T.astype(np.float64)
        best = int(np.argmax(by_plane[:, :3].mean(1)))
        return _recalled(self._views[best].view, by_plane[best], now)


def _by_plane(marks: list[Array]) -> Array:
    """(4, views, ROWS * COLUMNS)."""
    return np.ascontiguousarray(np.stack(marks).reshape(len(marks), 4, -1).transpose(1, 0, 2))


def _recalled(view: SceneStatistics, by_plane: NDArray[np.float64], now: ClearView) -> Recalled:
    """A view, in place or moved, as it is more like what is seen now."""
    registration = register(now.view.structure, view.structure, ROWS, COLUMNS)
    moved = _moved(view, registration, now.view)
    moved_by_plane = _alike(_marked(moved, math.nan), now)
    if moved_by_plane[:3].mean() > by_plane[:3].mean():
        view, by_plane = moved, moved_by_plane
    return Recalled(view, float(by_plane[:3].mean()), by_plane, moved, registration.agreement)


def _moved(view: SceneStatistics, registration: Registration, now: SceneStatistics) -> SceneStatistics:
    """A view as it would be seen now, of the pixels that count now: smoke lights dark places, which were no content."""
    known = view.within.astype(np.float32)
    planes = registration.moved(np.concatenate([view.small * known, known[None]]))
    seen = now.shown * box_means(registration.inside, *known.shape)
    sums = box_means(planes * seen, ROWS, COLUMNS)
    return replace(
        view,
        mean=sums[:3] / np.maximum(sums[3], np.float32(1.0 / PIXELS**2)),
        variance=registration.moved(view.variance),
        content=sums[3] / np.maximum(now.content, np.float32(1.0 / PIXELS**2)),
        small=planes[:3],
    )


def _alike(one: ClearView, other: ClearView) -> NDArray[np.float64]:
    marks = (one.mark * other.mark).reshape(4, -1).sum(1) + (one.shape * other.shape).reshape(4, -1).sum(1)
    return np.asarray(0.5 * marks, np.float64)


def _marked(view: SceneStatistics, seconds: float) -> ClearView:
    planes = np.concatenate([view.mean, view.log_detail[None]])
    shape = planes - smoothed_inside(planes, view.content, SHAPE)
    return ClearView(view, seconds, _standardised(planes, view.content), _standardised(shape, view.content))


def _standardised(planes: Array, content: Array) -> Array:
    """Of length 1 for each plane, so that products are correlations."""
    weight = content / np.maximum(content.sum(), np.float32(1e-3))
    centred = (planes - (planes * weight).sum((1, 2), keepdims=True)) * np.sqrt(weight)
    length = np.sqrt(np.square(centred).sum((1, 2), keepdims=True))
    return np.asarray(centred / np.maximum(length, np.float32(1e-5)), np.float32).ravel()
