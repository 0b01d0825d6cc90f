"""What is shown when the engine fails, is late, or answers nonsense."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction

import pytest

from eid_stream.core.errors import EngineMismatchError
from eid_stream.core.frame import Colour, Frame, StreamInfo
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.interfaces import Engine
from eid_stream.flow.outlet import Outlet
from eid_stream.flow.pipeline import Pipeline
from eid_stream.flow.stats import Stats
from eid_stream.live.bypass_latch import BypassLatch, BypassPolicy
from eid_stream.live.live_dehazer import MAP_AGE, LiveDehazer
from tests.live.short_stream import (
    LAYOUT,
    RARELY,
    FailingEngine,
    Stream,
    after,
    crashing,
    haze,
    held_by,
    is_captured,
    is_dehazed,
    make_frame,
    not_a_number,
    raising,
)


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (EngineMismatchError("The engine failed its self-test."), "The engine failed its self-test."),
        (RuntimeError("a library's own error"), "RuntimeError: a library's own error"),
    ],
)
def test_whatever_keeps_an_engine_from_opening_is_the_reason_that_is_shown(error: Exception, why: str) -> None:
    def fail() -> Engine:
        raise error

    stream = Stream(fail, BypassLatch(RARELY))
    stream.show_until(lambda frame: frame.state.why == why)
    stream.dehazer.close()


@pytest.mark.parametrize(
    ("fault", "why"),
    [(not_a_number, "NaN"), (raising, "the device was lost"), (crashing, "ZeroDivisionError")],
)
def test_after_a_look_that_failed_the_original_is_shown_until_one_succeeds(
    engine: FailingEngine, stream: Stream, fault: Callable[[], HazeMaps], why: str
) -> None:
    engine.behaviour = fault
    assert why in stream.show_until(is_captured).state.why
    engine.behaviour = haze
    stream.show_until(is_dehazed)


def test_one_late_look_costs_no_frame(engine: FailingEngine) -> None:
    latch = BypassLatch()
    stream = Stream(lambda: engine, latch)
    stream.show_until(is_dehazed)
    engine.behaviour = after(0.4)
    before = len(engine.seen)
    stream.show_until(lambda _: len(engine.seen) > before + 1)
    engine.behaviour = haze
    shown = []
    for _ in range(20):
        shown.append(stream.show().state.dehazed)
        time.sleep(0.02)
    assert all(shown)
    assert latch.count == 0
    stream.dehazer.close()


def test_one_late_look_costs_no_frame_of_a_whole_run(engine: FailingEngine) -> None:
    looks = iter(range(1_000_000))
    engine.behaviour = lambda: after(0.25 if next(looks) == 10 else 0.0)()
    latch, stats = BypassLatch(), Stats()
    dehazer = LiveDehazer(lambda: engine, latch, stats=stats, new_scene_seconds=5.0, oldest_maps_seconds=20.0)

    class Camera:
        info = StreamInfo("camera", 64, 48, LAYOUT, Colour(), Fraction(1, 25), live=True)

        def __iter__(self) -> Iterator[Frame]:
            for index in range(60):
                time.sleep(1 / 60)
                yield make_frame(index)

        def close(self) -> None: ...

    class Display:
        def write(self, frame: Frame) -> None: ...

        def close(self) -> None: ...

    Pipeline(Camera(), dehazer.dehaze, [Outlet("display", Display())], stats=stats).run()
    dehazer.close()
    assert latch.count == 0
    assert set(stats.bypassed) <= {"self-test of the engine is running", "this scene has not been looked at yet"}


def test_maps_that_are_too_old_are_not_applied_and_new_ones_are(engine: FailingEngine) -> None:
    stream = Stream(lambda: engine, BypassLatch(RARELY), oldest_maps_seconds=0.4)
    stream.show_until(is_dehazed)
    release = threading.Event()
    engine.behaviour = held_by(release)
    stream.show_until(lambda frame: frame.state.why == "the haze maps are too old")
    assert stream.stats.stage(MAP_AGE).max_ms > 400
    release.set()
    stream.show_until(is_dehazed)
    stream.dehazer.close()


def test_repeated_faults_latch_the_bypass_and_health_ends_it(engine: FailingEngine) -> None:
    latch = BypassLatch(BypassPolicy(faults=3, window_seconds=60, healthy_seconds=0.3))
    stream = Stream(lambda: engine, latch)
    stream.show_until(is_dehazed)
    engine.behaviour = raising
    stream.show_until(lambda _: bool(latch.reason))
    assert latch.reason == "the device was lost"
    assert stream.show().state.why == "the device was lost"
    engine.behaviour = haze
    stream.show_until(is_dehazed)
    assert (latch.reason, latch.count) == ("", 1)
    stream.dehazer.close()


def test_an_engine_that_stays_too_slow_is_bypassed(engine: FailingEngine) -> None:
    latch = BypassLatch(BypassPolicy(faults=2, window_seconds=60, healthy_seconds=60))
    stream = Stream(lambda: engine, latch, oldest_maps_seconds=0.4)
    stream.show_until(is_dehazed)
    engine.behaviour = after(0.25)
    assert stream.show_until(lambda _: bool(latch.reason)).index
    assert stream.show().state.why == "the engine is too slow"
    stream.dehazer.close()


def test_a_frame_that_cannot_be_corrected_is_shown_as_captured(stream: Stream) -> None:
    frame = make_frame(stream.index)
    y, cb, cr = frame.planes
    torn = replace(frame, planes=(y, cb, cr.T))
    shown = stream.dehazer.dehaze(torn)
    assert not shown.state.dehazed
    assert shown.planes is torn.planes
    assert "ValueError" in shown.state.why
