"""What a recording looks like elsewhere: views of a file from before and after a moment."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.thumbnail import Thumbnail
from eid_stream.dehazing.memory.believed_view import as_believed
from eid_stream.dehazing.memory.remembered_scene import RememberedScene
from eid_stream.dehazing.memory.scene_statistics import SceneStatistics, average, measure, opacity_seen

Array = NDArray[np.float64]
Seen = tuple[HazeMaps, Thumbnail, float]
"""What the engine says to the thumbnail of a view, that thumbnail, and its presentation time."""
REACH_SECONDS = 60.0
"""Views further away than this, before or after, say nothing of a moment."""
AHEAD_SECONDS = 10.0
"""So much more is seen at once: whoever asks for the next moment soon has it already."""
CLEAREST = 3
"""One in so many of the views within reach counts as clear."""
ALIKE = 0.2
"""Correlation of the cells of two views, of luma or of chroma, below which another scene begins: smoke keeps it."""
VIEW_SECONDS = 1.0
"""Seconds of clear sight that one view stands for."""


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    seconds: float
    statistics: SceneStatistics
    clear: SceneStatistics
    """What the engine believes to be there without smoke."""
    seen: float
    """Mean opacity that the engine sees."""

    @property
    def haze(self) -> float:
        """The more, the hazier: haze takes colour and detail away."""
        dark, detail = self.statistics.whole()[[6, 5]]
        return float(dark - detail) + self.seen


class Foresight:
    """Views of a recording, in the order of time. A moment's scene is remembered by the clearest of those around it."""

    def __init__(
        self,
        see: Callable[[float, float], Iterable[Seen]] = lambda _first, _last: (),
        *,
        every_seconds: float = 1.0,
        ends_seconds: float = math.inf,
    ) -> None:
        """``see`` gives the views from one presentation time to another, both multiples of ``every_seconds``.

        There is none after ``ends_seconds``.
        """
        self._see, self._every_seconds, self._ends_seconds = see, every_seconds, ends_seconds
        self._views: list[_View] = []
        self._seen_until = -math.inf

    def reach(self, seconds: float) -> None:
        """See what a moment's scene is remembered by, and let go of what is too long ago; may take a second.

        What cannot be seen, whatever ``see`` raises, is not looked for again.
        """
        if self._seen_until >= min(seconds + REACH_SECONDS, self._ends_seconds):
            return
        first = self._multiple(math.floor, max(self._seen_until, seconds - REACH_SECONDS))
        last = self._multiple(math.ceil, min(seconds + REACH_SECONDS + AHEAD_SECONDS, self._ends_seconds))
        self._views = [view for view in self._views if view.seconds >= seconds - REACH_SECONDS]
        self._seen_until = last
        for seen in self._see(first, last):
            self.add(*seen)

    def _multiple(self, rounded: Callable[[float], int], seconds: float) -> float:
        return rounded(seconds / self._every_seconds) * self._every_seconds

    def add(self, maps: HazeMaps, thumbnail: Thumbnail, seconds: float) -> None:
        """Take in a view; ``maps`` are what the engine says to its thumbnail. Times only rise."""
        view = measure(thumbnail)
        self._views.append(_View(seconds, view, as_believed(view, maps), average(opacity_seen(maps), view.content)))

    def scene_at(self, seconds: float) -> RememberedScene | None:
        """What the scene of a moment looks like where it is clearest; None where too little of it was seen."""
        around = self._around(seconds)
        if len(around) < CLEAREST:
            return None
        clearest = sorted(around, key=lambda view: view.haze)[: math.ceil(len(around) / CLEAREST)]
        scene = RememberedScene()
        for view in sorted(clearest, key=lambda view: -abs(view.seconds - seconds)):
            scene.add(view.clear, 0.0, 0.0, seconds=VIEW_SECONDS, time_constant_seconds=len(clearest))
        return scene

    def _around(self, seconds: float) -> list[_View]:
        """Views within reach, as far as no cut lies between."""
        after = [view for view in self._views if seconds <= view.seconds <= seconds + REACH_SECONDS]
        before = [view for view in reversed(self._views) if seconds - REACH_SECONDS <= view.seconds < seconds]
        return [*_until_cut(before), *_until_cut(after)]


def _until_cut(views: list[_View]) -> list[_View]:
    for number, (one, other) in enumerate(pairwise(views), start=1):
        if max(np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in _planes(one, other)) < ALIKE:
            return views[:number]
    return views


def _planes(one: _View, other: _View) -> list[tuple[Array, Array]]:
    grain = np.random.default_rng(0).normal(0.0, 1e-4, one.statistics.mean.shape)  # flat views have no correlation
    return list(zip(one.statistics.mean + grain, other.statistics.mean + grain, strict=True))
