"""What the memory's network learns from: moments of real operations, with their own past or another scene's."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eid_stream.dehazing.memory.network_input import network_input
from eid_stream.dehazing.memory.remembered_scene import Expectation
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
    """*own* or *foreign*."""
    shown: Half
    """(CHANNELS, ...), as ``network_input`` has it."""
    engine: Array
    """(5, ...)."""
    seen: Array
    """(6, ...): mean and variance of Y', Cb, Cr, as captured."""
    truth: Array
    """(6, ...): the same without smoke."""
    smoke: Array
    """(2, ...): its opacity, and the content."""

    @property
    def smoky(self) -> bool:
        """Whether there is any smoke."""
        return bool(self.smoke[0].any())


def lesson(source: str, past: str, now: ObservedView, expected: Expectation) -> Lesson:
    """What is to be learned from a view of which something else was expected."""
    view, truth = now.statistics, now.truth
    fit = fit_smoke(view, expected, fit_smoke(view, expected, USUAL_AIRLIGHT).airlight)
    shown = network_input(view, expected, fit, now.engine)
    return Lesson(
        source,
        past,
        shown.astype(np.float16),
        now.engine,
        np.concatenate([view.mean, view.variance]),
        np.concatenate([truth.mean, truth.variance]),
        np.stack([now.opacity, view.content]),
    )


def sound(lessons: Iterator[Lesson]) -> list[Lesson]:
    """Those without a number that is none, as where the content is a few pixels."""
    return [each for each in lessons if np.isfinite(each.shown).all()]
