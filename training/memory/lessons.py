"""What the memory's network learns from: moments of real operations, with a past, a wrong one or none."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eid_stream.dehazing.memory.network_input import network_input
from eid_stream.dehazing.memory.remembered_scene import Expectation
from eid_stream.dehazing.memory.scene_statistics import SceneStatistics, average
from eid_stream.dehazing.memory.smoke_fit import USUAL_AIRLIGHT, fit_smoke
from training.memory.observed_views import ObservedView

Array = NDArray[np.float32]
Half = NDArray[np.float16]


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """One moment. Arrays by cell, over (ROWS, COLUMNS)."""

    source: str
    """Camera system."""
    past: str
    """*own*, *foreign* or *none*."""
    shown: Half
    """(CHANNELS, ...), as ``network_input`` has it."""
    engine: Array
    """(5, ...)."""
    seen: Array
    """(6, ...): mean and variance of Y', Cb, Cr, as captured."""
    truth: Array
    """(6, ...): the same without smoke."""
    smoke: Array
    """(2, ...): its opacity, NaN where nobody has measured it, and the content."""
    look: Array
    """(2, 6): mean and variance of ``look_of`` the scene's clear views; of a rendered view unused."""

    @property
    def real(self) -> bool:
        """Whether its smoke is real, so that no truth is known."""
        return bool(np.isnan(self.smoke[0]).all())

    @property
    def smoky(self) -> bool:
        """Whether there is any smoke."""
        return bool(self.smoke[0].any())


def lesson(source: str, past: str, now: ObservedView, expected: Expectation, look: Array | None = None) -> Lesson:
    """What is to be learned from a view of which something else was expected; of real smoke by the clear ``look``."""
    view, truth = now.statistics, now.truth
    fit = fit_smoke(view, expected, fit_smoke(view, expected, USUAL_AIRLIGHT).airlight)
    shown = network_input(view, expected, fit, now.engine, 0.0 if past == "none" else 1.0)
    return Lesson(
        source,
        past,
        shown.astype(np.float16),
        now.engine,
        np.concatenate([view.mean, view.variance]),
        np.concatenate([truth.mean, truth.variance]),
        np.stack([now.opacity, view.content]),
        np.zeros((2, 6), np.float32) if look is None else look,
    )


def look_of(view: SceneStatistics) -> Array:
    """(6,): mean of Y', Cb, Cr; logarithms of the contrast of luma and of chroma; mean logarithm of detail."""
    return np.array([*view.light(), average(view.log_detail, view.content)], np.float32)


def look_of_all(views: Sequence[SceneStatistics]) -> Array:
    """(2, 6): mean and variance of ``look_of`` views."""
    looks = np.stack([look_of(view) for view in views])
    return np.stack([looks.mean(0), looks.var(0)])


def sound(lessons: Iterator[Lesson]) -> list[Lesson]:
    """Those without a number that is none, as where the content is a few pixels."""
    return [each for each in lessons if np.isfinite(each.shown).all()]
