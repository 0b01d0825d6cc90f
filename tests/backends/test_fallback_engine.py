import threading
import time
from collections.abc import Callable
from contextlib import closing

import pytest

from eid_stream.backends.fallback_engine import EngineOpener, FallbackEngine
from eid_stream.backends.prior_engine import PriorEngine
from eid_stream.backends.self_test import golden_thumbnails
from eid_stream.core.errors import EngineLoadError, EngineMismatchError, EngineRunError
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.interfaces import Engine
from eid_stream.dehazing.map_estimator import MapEstimator
from eid_stream.sources.phantom.phantom_source import PhantomSource
from tests.stand_ins.failing_engines import FAULTS, FailingEngine, Fault, raises_known

THUMBNAIL = golden_thumbnails(256, 192)["smoky"]
ALWAYS = range(1_000_000)
PATIENCE_SECONDS = 30.0  # of a machine that has other things to do


def missing() -> Engine:
    raise EngineLoadError("TensorRT is not installed.")


def wrong() -> Engine:
    raise EngineMismatchError("The golden answer differs.")


def opener(name: str, open_one: Callable[[], Engine]) -> EngineOpener:
    return EngineOpener(name, open_one)


def ask_until_answered(engine: Engine, within_seconds: float = PATIENCE_SECONDS) -> tuple[HazeMaps, list[str]]:
    """The first answer, and what was raised for the frames before it."""
    refusals: list[str] = []
    until = time.monotonic() + within_seconds
    while time.monotonic() < until:
        try:
            return engine.estimate(THUMBNAIL), refusals
        except EngineRunError as error:
            refusals.append(str(error))
            time.sleep(0.005)
    raise AssertionError(f"no answer within {within_seconds} s: {refusals[-1]}")


def test_the_first_engine_that_opens_is_used_and_every_step_has_its_reason() -> None:
    engine = FallbackEngine([opener("tensorrt", missing), opener("onnx", wrong), opener("prior", PriorEngine)])
    assert engine.card.backend == "prior"
    assert engine.reasons == (
        "tensorrt: not used: TensorRT is not installed.",
        "onnx: not used: The golden answer differs.",
        f"prior: in use: prior {engine.card.version}, fp32, device any",
    )


def test_an_engine_that_was_asked_for_by_name_must_open() -> None:
    with pytest.raises(EngineLoadError, match="not installed"):
        FallbackEngine([opener("tensorrt", missing), opener("prior", PriorEngine)], fall_back_at_start=False)


def test_without_any_engine_the_last_reason_is_raised() -> None:
    with pytest.raises(EngineMismatchError, match="golden"):
        FallbackEngine([opener("tensorrt", missing), opener("onnx", wrong)])


@pytest.mark.parametrize("fault", FAULTS)
def test_a_passing_fault_costs_its_frame_and_nothing_else(fault: Fault) -> None:
    engine = FallbackEngine([opener("onnx", lambda: FailingEngine(fault, calls=range(1, 3)))])
    engine.estimate(THUMBNAIL)
    for _ in range(2):
        with pytest.raises(EngineRunError):
            engine.estimate(THUMBNAIL)
    assert engine.estimate(THUMBNAIL).fault() is None
    assert len(engine.reasons) == 1


@pytest.mark.parametrize("fault", FAULTS)
def test_an_engine_that_keeps_failing_is_rebuilt_while_frames_go_on(fault: Fault) -> None:
    opened: list[FailingEngine] = []

    def open_one() -> Engine:
        opened.append(FailingEngine(fault, calls=range(0) if opened else ALWAYS))
        return opened[-1]

    engine = FallbackEngine([opener("cuda", open_one), opener("prior", missing)])
    _, refusals = ask_until_answered(engine)
    assert len(refusals) >= 3
    assert len(opened) == 2
    assert engine.reasons[1].startswith("cuda: failed on 3 looks in a row: ")
    assert engine.reasons[2].startswith("cuda: in use: ")


def test_an_engine_that_fails_again_after_its_rebuild_gives_way_to_the_next_best() -> None:
    lost = opener("cuda", lambda: FailingEngine(raises_known, calls=ALWAYS))
    engine = FallbackEngine([lost, opener("onnx", missing), opener("prior", PriorEngine)])
    ask_until_answered(engine)
    assert [reason.split(":")[0] for reason in engine.reasons] == ["cuda", "cuda", "cuda", "cuda", "onnx", "prior"]
    assert engine.reasons[-2] == "onnx: not used: TensorRT is not installed."


def test_an_opener_that_raises_anything_gives_way_to_the_next_best() -> None:
    def odd() -> Engine:
        raise RuntimeError("a library's own error")

    engine = FallbackEngine([opener("tensorrt", odd), opener("prior", PriorEngine)])
    assert engine.card.backend == "prior"
    assert engine.reasons[0] == "tensorrt: not used: RuntimeError: a library's own error"


def test_a_rebuild_that_raises_anything_is_told_and_never_leaves_it_being_replaced() -> None:
    opened: list[Engine] = []

    def odd_later() -> Engine:
        if opened:
            raise RuntimeError("a library's own error")
        opened.append(FailingEngine(raises_known, calls=ALWAYS))
        return opened[-1]

    engine = FallbackEngine([opener("cuda", odd_later)])
    until = time.monotonic() + PATIENCE_SECONDS
    while "no engine is left" not in engine.reasons[-1] and time.monotonic() < until:
        with pytest.raises(EngineRunError):
            engine.estimate(THUMBNAIL)
    with pytest.raises(EngineRunError, match="a library's own error"):
        engine.estimate(THUMBNAIL)


def test_a_slow_rebuild_never_holds_a_frame_up() -> None:
    go = threading.Event()
    opened: list[Engine] = []

    def open_slowly() -> Engine:
        if opened:
            go.wait(2 * PATIENCE_SECONDS)
        opened.append(FailingEngine(raises_known, calls=range(0) if opened else ALWAYS))
        return opened[-1]

    engine = FallbackEngine([opener("cuda", open_slowly)])
    began = time.monotonic()
    for _ in range(50):
        with pytest.raises(EngineRunError):
            engine.estimate(THUMBNAIL)
    assert time.monotonic() - began < PATIENCE_SECONDS
    assert engine.card.backend == "prior"
    engine.reset()
    go.set()
    ask_until_answered(engine)


def test_when_nothing_is_left_frames_stay_as_captured_and_the_reason_is_told() -> None:
    opened: list[Engine] = []

    def open_once() -> Engine:
        if opened:
            raise EngineLoadError("The device is gone.")
        opened.append(FailingEngine(raises_known, calls=ALWAYS))
        return opened[-1]

    engine = FallbackEngine([opener("cuda", open_once)])
    until = time.monotonic() + PATIENCE_SECONDS
    while "no engine is left" not in engine.reasons[-1] and time.monotonic() < until:
        with pytest.raises(EngineRunError):
            engine.estimate(THUMBNAIL)
    with pytest.raises(EngineRunError, match="The device is gone"):
        engine.estimate(THUMBNAIL)


def test_an_engine_that_opens_after_the_stream_has_ended_is_closed() -> None:
    go, closed = threading.Event(), threading.Event()
    opened: list[Engine] = []

    class Closing(FailingEngine):
        def close(self) -> None:
            closed.set()

    def open_slowly() -> Engine:
        if opened:
            go.wait(PATIENCE_SECONDS)
            opened.append(Closing(raises_known, calls=range(0)))
        else:
            opened.append(FailingEngine(raises_known, calls=ALWAYS))
        return opened[-1]

    engine = FallbackEngine([opener("cuda", open_slowly)])
    for _ in range(3):
        with pytest.raises(EngineRunError):
            engine.estimate(THUMBNAIL)
    engine.close()
    go.set()
    assert closed.wait(PATIENCE_SECONDS)


def test_a_stream_goes_on_through_the_loss_of_its_engine() -> None:
    """Maps for each frame, then none while the engine is lost and replaced, then maps again."""
    lost = opener("cuda", lambda: FailingEngine(raises_known, calls=range(4, 1_000_000)))
    engine = FallbackEngine([lost, opener("prior", PriorEngine)])
    estimator = MapEstimator(engine)
    has_maps: list[bool] = []
    with closing(PhantomSource("phantom:?size=320x240&frames=1500&smoke=0.8")) as source:
        for frame in source:
            try:
                estimator.estimate_frame(frame)
                has_maps.append(True)
            except EngineRunError:
                has_maps.append(False)
                time.sleep(0.02)
            if has_maps[-1] and engine.reasons[-1].startswith("prior: in use"):
                break
    estimator.close()
    assert has_maps[:4] == [True] * 4
    assert has_maps[4:7] == [False] * 3
    assert has_maps[-1], engine.reasons
    assert engine.reasons[-1].startswith("prior: in use")
