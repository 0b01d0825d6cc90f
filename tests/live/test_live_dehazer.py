import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from eid_stream.core.engine_card import EngineCard
from eid_stream.core.errors import EngineMismatchError, EngineRunError
from eid_stream.core.frame import PIXEL_LAYOUTS, Colour, Frame, StreamInfo
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.interfaces import Engine
from eid_stream.core.thumbnail import Thumbnail
from eid_stream.dehazing.frame_dehazer import FrameDehazer
from eid_stream.flow.pipeline import Outlet, Pipeline
from eid_stream.flow.stats import Stats
from eid_stream.live.bypass_latch import BypassLatch, BypassPolicy
from eid_stream.live.live_dehazer import MAP_AGE, LiveDehazer

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


@pytest.fixture
def engine() -> FailingEngine:
    return FailingEngine()


@pytest.fixture
def stream(engine: FailingEngine) -> Iterator[Stream]:
    """A stream whose engine is at work."""
    ready = Stream(lambda: engine, BypassLatch(RARELY))
    ready.show_until(is_dehazed)
    yield ready
    ready.dehazer.close()


def test_the_original_is_shown_until_the_engine_has_proven_itself(engine: FailingEngine) -> None:
    passed = threading.Event()

    def open_slowly() -> Engine:
        assert passed.wait(30)
        return engine

    stream = Stream(open_slowly, BypassLatch(RARELY))
    assert [stream.show().state.why for _ in range(3)] == ["self-test of the engine is running"] * 3
    passed.set()
    stream.show_until(is_dehazed)
    stream.dehazer.close()


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
    stream.show_until(lambda _: engine.behaviour is not haze and len(engine.seen) > 1)
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


def test_a_new_scene_is_shown_with_its_own_maps_from_its_first_frame(engine: FailingEngine, stream: Stream) -> None:
    engine.behaviour = lambda: haze(2.0)
    shown = stream.show(BRIGHT)
    assert shown.state.dehazed
    assert shown.maps is not None
    assert shown.maps.values[0].max() == 2.0
    assert engine.seen[-1] == pytest.approx((BRIGHT - 16) / 219, abs=1e-3)


def test_a_new_scene_never_gets_the_maps_of_the_one_before(engine: FailingEngine) -> None:
    stream = Stream(lambda: engine, BypassLatch(RARELY), new_scene_seconds=0.02)
    stream.show_until(is_dehazed)
    release = threading.Event()
    engine.behaviour = lambda: held_by(release, gain=1.5 if engine.seen[-1] < 0.5 else 2.0)()
    before = time.monotonic()
    shown = [stream.show(BRIGHT) for _ in range(3)]
    assert time.monotonic() - before < 5.0
    assert [frame.state.why for frame in shown] == ["this scene has not been looked at yet"] * 3
    release.set()
    first = stream.show_until(is_dehazed, BRIGHT)
    assert first.maps is not None
    assert first.maps.values[0].max() == 2.0
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


def test_the_viewers_bypass_and_strength_zero_are_no_faults(engine: FailingEngine) -> None:
    latch = BypassLatch(BypassPolicy(faults=1))
    stream = Stream(lambda: engine, latch)
    stream.show_until(is_dehazed)
    stream.dehazer.bypassed = True
    assert stream.show().state.why == "bypass"
    stream.dehazer.bypassed = False
    stream.dehazer.strength = 0.0
    assert stream.show().state.why == "strength is 0"
    assert latch.reason == ""
    stream.dehazer.strength = 1.0
    assert stream.show().state.dehazed
    stream.dehazer.close()


def test_the_first_frame_of_a_scene_is_what_the_plain_dehazer_makes_of_it(
    engine: FailingEngine, stream: Stream
) -> None:
    shown = stream.show(BRIGHT)
    expected = FrameDehazer(engine).dehaze(shown.captured)
    assert all(np.array_equal(ours, theirs) for ours, theirs in zip(shown.planes, expected.planes, strict=True))
