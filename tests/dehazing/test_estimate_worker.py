import threading
import time
from collections.abc import Callable

import pytest

from eid_stream.backends.fallback_engine import EngineOpener, FallbackEngine
from eid_stream.backends.prior_engine import PriorEngine
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.interfaces import Engine
from eid_stream.core.thumbnail import Thumbnail
from eid_stream.dehazing.estimate_worker import Estimate, EstimateWorker, Look
from tests.stand_ins.failing_engines import FailingEngine, raises_unknown
from tests.stand_ins.hazy_frames import hazy_frame


def until(true: Callable[[], object], what: str) -> None:
    limit = time.monotonic() + 20.0
    while not true():
        assert time.monotonic() < limit, what
        time.sleep(0.005)


class Hanging(PriorEngine):
    """Does not come back from a thumbnail before it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.go, self.at_work, self.closed = threading.Event(), threading.Event(), threading.Event()

    def estimate(self, thumbnail: Thumbnail) -> HazeMaps:
        self.at_work.set()
        assert self.go.wait(30)
        return super().estimate(thumbnail)

    def close(self) -> None:
        self.closed.set()


def test_the_newest_frame_is_looked_at_and_those_that_waited_are_not() -> None:
    engine, told = Hanging(), list[Estimate]()
    worker = EstimateWorker(lambda: engine, note=told.append)
    worker.ask(Look(hazy_frame(0), 0, 0))
    assert engine.at_work.wait(20)
    for index in (1, 2, 3):
        worker.ask(Look(hazy_frame(index), 0, 0))
    engine.go.set()
    answer = worker.answer_to(hazy_frame(3), 20.0)
    assert answer is not None
    assert [estimate.index for estimate in told] == [0, 3]
    assert answer.maps is not None
    worker.close()


def test_every_look_is_told_once_with_its_fault() -> None:
    told = list[Estimate]()
    worker = EstimateWorker(lambda: FailingEngine(raises_unknown, calls=range(1)), note=told.append)
    worker.ask(Look(hazy_frame(0), 0, 0))
    assert worker.answer_to(hazy_frame(0), 20.0) is not None
    worker.ask(Look(hazy_frame(1), 0, 0))
    assert worker.answer_to(hazy_frame(1), 20.0) is not None
    worker.close()
    assert [estimate.fault for estimate in told] == [
        "RuntimeError: CUDA error: an illegal memory access was encountered",
        "",
    ]


def test_after_a_cut_a_frame_is_looked_at_without_what_was_seen_before() -> None:
    engine = FailingEngine(raises_unknown, calls=range(0))
    worker = EstimateWorker(lambda: engine)
    for index, cuts in enumerate((0, 0, 1)):
        worker.ask(Look(hazy_frame(index), cuts, cuts))
        assert worker.answer_to(hazy_frame(index), 20.0) is not None
        resets = engine.resets if index == 1 else 0
    assert engine.resets > resets
    worker.close()


def test_a_device_that_hangs_is_left_behind_and_another_engine_takes_over() -> None:
    hanging, told = Hanging(), list[Estimate]()
    there = iter([hanging])
    openers = [EngineOpener("cuda", lambda: next(there), on_a_device=True), EngineOpener("prior", PriorEngine)]
    engine = FallbackEngine(openers)
    worker = EstimateWorker(lambda: engine, stuck_seconds=0.05, note=told.append)
    worker.ask(Look(hazy_frame(0), 0, 0))
    assert hanging.at_work.wait(20)

    def left_behind() -> bool:
        worker.watch()
        return bool(told)

    until(left_behind, "the look was never left behind")
    assert [estimate.fault for estimate in told] == ["no answer within 0.05 s"]
    hanging.go.set()
    until(hanging.closed.is_set, "the engine was not closed when it came back")
    assert len(told) == 1, "a look that was left behind counts once"
    worker.ask(Look(hazy_frame(1), 0, 0))
    until(lambda: worker.latest is not None and worker.latest.index == 1, "nobody looks any more")
    worker.close()


def test_an_engine_that_only_computes_is_waited_for() -> None:
    slow, told = Hanging(), list[Estimate]()
    worker = EstimateWorker(
        lambda: FallbackEngine([EngineOpener("onnx", lambda: slow)]), stuck_seconds=0.02, note=told.append
    )
    worker.ask(Look(hazy_frame(0), 0, 0))
    assert slow.at_work.wait(20)
    time.sleep(0.05)
    worker.watch()
    slow.go.set()
    answer = worker.answer_to(hazy_frame(0), 20.0)
    assert answer is not None
    assert answer.maps is not None
    assert [estimate.fault for estimate in told] == [""]
    worker.close()


@pytest.mark.parametrize("error", [RuntimeError("no libcuda"), MemoryError()])
def test_whatever_keeps_the_engine_from_opening_is_told(error: Exception) -> None:
    def fail() -> Engine:
        raise error

    worker = EstimateWorker(fail)
    assert worker.answer_to(hazy_frame(0), 20.0) is None
    assert type(error).__name__ in worker.refused
    worker.close()


def test_the_engine_is_closed_at_the_end_also_when_it_opens_too_late() -> None:
    go, engine = threading.Event(), Hanging()

    def open_slowly() -> Engine:
        assert go.wait(20)
        return engine

    worker = EstimateWorker(open_slowly)
    ender = threading.Thread(target=worker.close)
    ender.start()
    time.sleep(0.02)
    go.set()
    ender.join()
    assert engine.closed.wait(20)
