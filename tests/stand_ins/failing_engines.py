"""Engines that go wrong on purpose."""

import time
from collections.abc import Callable, Container

import numpy as np

from eid_stream.backends.prior_engine import PriorEngine
from eid_stream.core.engine_card import EngineCard
from eid_stream.core.errors import EngineRunError
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.thumbnail import Thumbnail

Fault = Callable[[Thumbnail], HazeMaps]


class FailingEngine:
    """The prior engine, except on the calls (counted from 0) whose fault is given."""

    def __init__(self, fault: Fault, *, calls: Container[int]) -> None:
        self._engine = PriorEngine()
        self._fault = fault
        self._calls = calls
        self.called = 0
        self.resets = 0

    @property
    def card(self) -> EngineCard:
        return self._engine.card

    def estimate(self, thumbnail: Thumbnail) -> HazeMaps:
        call, self.called = self.called, self.called + 1
        return self._fault(thumbnail) if call in self._calls else self._engine.estimate(thumbnail)

    def reset(self) -> None:
        self.resets += 1
        self._engine.reset()

    def close(self) -> None:
        self._engine.close()


def raises_known(thumbnail: Thumbnail) -> HazeMaps:
    raise EngineRunError("the device is lost")


def raises_unknown(thumbnail: Thumbnail) -> HazeMaps:
    raise RuntimeError("CUDA error: an illegal memory access was encountered")


def answers_nan(thumbnail: Thumbnail) -> HazeMaps:
    return HazeMaps(np.full((5, 24, 32), np.nan, np.float32), 0.5)


def answers_out_of_range(thumbnail: Thumbnail) -> HazeMaps:
    return HazeMaps(np.full((5, 24, 32), 50.0, np.float32), 0.5)


def answers_wrong_shape(thumbnail: Thumbnail) -> HazeMaps:
    return HazeMaps(np.ones((3, 24, 32), np.float32), 0.5)


def sleeps(seconds: float) -> Fault:
    def fault(thumbnail: Thumbnail) -> HazeMaps:
        time.sleep(seconds)
        return PriorEngine().estimate(thumbnail)

    return fault


FAULTS = [raises_known, raises_unknown, answers_nan, answers_out_of_range, answers_wrong_shape]
