"""A live dehazer, frames that go through it one after the other, and an engine that answers as a test wants."""

import threading
import time
from collections.abc import Callable
from fractions import Fraction

import numpy as np

from eid_stream.core.engine_card import EngineCard
from eid_stream.core.errors import EngineRunError
from eid_stream.core.frame import PIXEL_LAYOUTS, Colour, Frame
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.interfaces import Engine
from eid_stream.core.thumbnail import Thumbnail
from eid_stream.flow.stats import Stats
from eid_stream.live.bypass_latch import BypassLatch, BypassPolicy
from eid_stream.live.live_dehazer import LiveDehazer

RARELY = BypassPolicy(faults=1000)
LAYOUT = PIXEL_LAYOUTS["yuv420p"]
DARK, BRIGHT = 80, 180
"""Luma of two scenes."""


class FailingEngine:
    """Answers as the test wants: with maps, after a pause, with an exception, with NaN."""

    card = EngineCard(
        name="failing",
        version="0",
        backend="test",
        thumbnail_width=64,
        thumbnail_height=48,
        grid_width=2,
        grid_height=2,
    )

    def __init__(self) -> None:
        self.behaviour: Callable[[], HazeMaps] = haze
        self.seen: list[float] = []

    def estimate(self, thumbnail: Thumbnail) -> HazeMaps:
        self.seen.append(float(thumbnail.values[0].mean()))
        return self.behaviour()

    def reset(self) -> None: ...

    def close(self) -> None: ...


def haze(gain: float = 1.5) -> HazeMaps:
    values = HazeMaps.identity().values
    values[0] = gain
    return HazeMaps(values, 0.5)


def not_a_number() -> HazeMaps:
    return HazeMaps(np.full((5, 2, 2), np.nan, np.float32), 0.5)


def raising() -> HazeMaps:
    raise EngineRunError("the device was lost")


def crashing() -> HazeMaps:
    raise ZeroDivisionError


def held_by(event: threading.Event, gain: float = 1.5) -> Callable[[], HazeMaps]:
    def behaviour() -> HazeMaps:
        assert event.wait(30)
        return haze(gain)

    return behaviour


def after(seconds: float) -> Callable[[], HazeMaps]:
    def behaviour() -> HazeMaps:
        time.sleep(seconds)
        return haze()

    return behaviour


def make_frame(index: int, luma: int = DARK) -> Frame:
    y, cb, cr = (np.full(shape, luma, np.uint8) for shape in LAYOUT.plane_shapes(64, 48))
    return Frame((y, cb, cr), LAYOUT, Colour(), index, Fraction(1, 25), index, time.monotonic_ns())


class Stream:
    """A live dehazer and the frames that go through it, one after the other."""

    def __init__(
        self,
        open_engine: Callable[[], Engine],
        latch: BypassLatch,
        *,
        new_scene_seconds: float = 5.0,
        oldest_maps_seconds: float = 20.0,
    ) -> None:
        self.stats = Stats()
        self.dehazer = LiveDehazer(
            open_engine,
            latch,
            stats=self.stats,
            new_scene_seconds=new_scene_seconds,
            oldest_maps_seconds=oldest_maps_seconds,
        )
        self.index = 0

    def show(self, luma: int = DARK) -> Frame:
        frame = make_frame(self.index, luma)
        self.index += 1
        shown = self.dehazer.dehaze(frame)
        assert shown.index == frame.index
        assert shown.captured.planes is frame.planes
        return shown

    def show_until(self, wanted: Callable[[Frame], bool], luma: int = DARK) -> Frame:
        """Pass frames until one is as wanted."""
        until = time.monotonic() + 30.0
        while time.monotonic() < until:
            if wanted(shown := self.show(luma)):
                return shown
            time.sleep(0.01)
        raise AssertionError(f"never as wanted; the last: {shown.state}")


def is_dehazed(frame: Frame) -> bool:
    return frame.state.dehazed


def is_captured(frame: Frame) -> bool:
    return not frame.state.dehazed
