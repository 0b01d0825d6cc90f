import threading
import time

import numpy as np
import pytest

from eid_stream.core.interfaces import Engine
from eid_stream.dehazing.map_estimator import MapEstimator
from eid_stream.live.bypass_latch import BypassLatch, BypassPolicy
from tests.live.short_stream import (
    BRIGHT,
    RARELY,
    FailingEngine,
    Stream,
    haze,
    held_by,
    is_dehazed,
)
from tests.stand_ins.hazy_frames import dehazed_alone


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
    assert time.monotonic() - before < 15.0, "the look is held for thirty"
    assert [frame.state.why for frame in shown] == ["this scene has not been looked at yet"] * 3
    release.set()
    first = stream.show_until(is_dehazed, BRIGHT)
    assert first.maps is not None
    assert first.maps.values[0].max() == 2.0
    stream.dehazer.close()


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


def test_the_first_frame_of_a_scene_is_corrected_by_its_own_maps(engine: FailingEngine, stream: Stream) -> None:
    shown = stream.show(BRIGHT)
    expected = dehazed_alone(shown.captured, MapEstimator(engine))
    assert all(np.array_equal(ours, theirs) for ours, theirs in zip(shown.planes, expected.planes, strict=True))
