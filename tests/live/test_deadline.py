import threading
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from eid_stream.core.engine_card import EngineCard
from eid_stream.core.errors import EngineMismatchError, EngineRunError
from eid_stream.core.frame import PIXEL_LAYOUTS, Colour, Frame
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.thumbnail import Thumbnail
from eid_stream.dehazing.dehazer import Dehazer
from eid_stream.live.bypass import BypassLatch, BypassPolicy
from eid_stream.live.deadline import DeadlineDehazer

RARELY = BypassPolicy(faults=1000)


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

    def estimate(self, thumbnail: Thumbnail) -> HazeMaps:  # noqa: ARG002
        return self.behaviour()

    def reset(self) -> None: ...

    def close(self) -> None: ...


def haze() -> HazeMaps:
    values = HazeMaps.identity().values
    values[0] = 1.5
    return HazeMaps(values, 0.5)


def not_a_number() -> HazeMaps:
    return HazeMaps(np.full((5, 2, 2), np.nan, np.float32), 0.5)


def raising() -> HazeMaps:
    raise EngineRunError("the device was lost")


def crashing() -> HazeMaps:
    raise ZeroDivisionError


def make_frame(index: int) -> Frame:
    layout = PIXEL_LAYOUTS["yuv420p"]
    planes = [np.full(shape, 100 + index % 100, np.uint8) for shape in layout.plane_shapes(64, 48)]
    y, cb, cr = planes
    return Frame((y, cb, cr), layout, Colour(), index, Fraction(1, 25), index, time.monotonic_ns())


def ready(dehazer: DeadlineDehazer) -> DeadlineDehazer:
    """Pass frames until the self-test is over and the first answer was seen."""
    for index in range(2000):
        if dehazer.dehaze(make_frame(index)).state.dehazed:
            return dehazer
        time.sleep(0.005)
    raise AssertionError("never became ready")


@pytest.fixture
def engine() -> FailingEngine:
    return FailingEngine()


def test_the_original_is_shown_until_the_self_test_has_passed(engine: FailingEngine) -> None:
    passed = threading.Event()

    def open_slowly() -> Dehazer:
        assert passed.wait(30)
        return Dehazer(engine)

    guarded = DeadlineDehazer(open_slowly, BypassLatch(RARELY), deadline_seconds=5)
    before = [guarded.dehaze(make_frame(index)) for index in range(3)]
    assert [frame.state.why for frame in before] == ["self-test of the engine is running"] * 3
    assert not guarded.ready
    passed.set()
    assert ready(guarded).ready
    guarded.close()


def test_an_engine_that_fails_its_self_test_is_never_used() -> None:
    def fail() -> Dehazer:
        raise EngineMismatchError("The engine failed its self-test.")

    guarded = DeadlineDehazer(fail, BypassLatch(RARELY), deadline_seconds=5)
    guarded.dehaze(make_frame(0))
    for index in range(1, 1000):
        frame = guarded.dehaze(make_frame(index))
        if frame.state.why == "The engine failed its self-test.":
            break
        time.sleep(0.005)
    assert not frame.state.dehazed
    assert not guarded.ready
    guarded.close()


@pytest.mark.parametrize(
    ("fault", "why"),
    [(not_a_number, "NaN"), (raising, "the device was lost"), (crashing, "ZeroDivisionError")],
)
def test_a_fault_reaches_the_viewer_as_that_very_frame(
    engine: FailingEngine, fault: Callable[[], HazeMaps], why: str
) -> None:
    guarded = ready(DeadlineDehazer(lambda: Dehazer(engine), BypassLatch(RARELY), deadline_seconds=5))
    engine.behaviour = fault
    frame = make_frame(77)
    shown = guarded.dehaze(frame)
    assert not shown.state.dehazed
    assert why in shown.state.why
    assert all(ours is theirs for ours, theirs in zip(shown.planes, frame.planes, strict=True))
    engine.behaviour = haze
    assert guarded.dehaze(make_frame(78)).state.dehazed
    guarded.close()


def test_a_late_answer_is_thrown_away_and_each_frame_leaves_in_time_as_captured(engine: FailingEngine) -> None:
    guarded = ready(DeadlineDehazer(lambda: Dehazer(engine), BypassLatch(RARELY), deadline_seconds=0.5))
    release = threading.Event()

    def sleep() -> HazeMaps:
        assert release.wait(30)
        return haze()

    engine.behaviour = sleep
    before = time.monotonic()
    late = guarded.dehaze(make_frame(10))
    waited = time.monotonic() - before
    busy = guarded.dehaze(make_frame(11))
    assert (late.index, late.state.why) == (10, "not ready within 500 ms")
    assert (busy.index, busy.state.dehazed, "busy" in busy.state.why) == (11, False, True)
    assert waited < 5.0
    engine.behaviour = haze
    release.set()
    for index in range(12, 1000):
        after = guarded.dehaze(make_frame(index))
        assert after.index == index
        if after.state.dehazed:
            break
        time.sleep(0.005)
    assert after.state.dehazed
    guarded.close()


def test_repeated_faults_latch_the_bypass_and_health_ends_it(engine: FailingEngine) -> None:
    latch = BypassLatch(BypassPolicy(faults=3, window_seconds=60, healthy_seconds=0.3))
    guarded = ready(DeadlineDehazer(lambda: Dehazer(engine), latch, deadline_seconds=5))
    engine.behaviour = raising
    for index in range(3):
        guarded.dehaze(make_frame(index))
    engine.behaviour = haze
    assert latch.reason == "the device was lost"
    assert guarded.dehaze(make_frame(4)).state.why == "the device was lost"
    assert ready(guarded).dehaze(make_frame(5)).state.dehazed
    assert (latch.reason, latch.count) == ("", 1)
    guarded.close()


def test_an_engine_that_stays_too_slow_stays_bypassed(engine: FailingEngine) -> None:
    latch = BypassLatch(BypassPolicy(faults=1, healthy_seconds=0.0))
    guarded = ready(DeadlineDehazer(lambda: Dehazer(engine), latch, deadline_seconds=0.2))

    def slow() -> HazeMaps:
        time.sleep(0.4)
        return haze()

    engine.behaviour = slow
    states = []
    for index in range(20):
        states.append(guarded.dehaze(make_frame(index)).state.dehazed)
        time.sleep(0.05)
    assert not any(states)
    guarded.close()


def test_the_viewers_bypass_and_strength_zero_are_no_faults(engine: FailingEngine) -> None:
    latch = BypassLatch(BypassPolicy(faults=1))
    guarded = ready(DeadlineDehazer(lambda: Dehazer(engine), latch, deadline_seconds=5))
    guarded.bypassed = True
    assert guarded.dehaze(make_frame(1)).state.why == "bypass"
    guarded.bypassed = False
    guarded.strength = 0.0
    assert guarded.dehaze(make_frame(2)).state.why == "strength is 0"
    assert latch.reason == ""
    guarded.strength = 1.0
    assert guarded.dehaze(make_frame(3)).state.dehazed
    guarded.close()


def test_the_answer_is_the_dehazers_own(engine: FailingEngine) -> None:
    guarded = ready(DeadlineDehazer(lambda: Dehazer(engine), BypassLatch(RARELY), deadline_seconds=5))
    frame = make_frame(5)
    expected = Dehazer(engine).dehaze(replace(frame))
    shown = guarded.dehaze(frame)
    assert shown.original is frame
    assert all(np.array_equal(ours, theirs) for ours, theirs in zip(shown.planes, expected.planes, strict=True))
    guarded.close()
