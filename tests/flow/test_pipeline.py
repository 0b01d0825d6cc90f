import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from weakref import WeakSet

import pytest

from eid_stream.core.errors import SinkWriteError
from eid_stream.core.frame import DEHAZED, Frame, FrameState
from eid_stream.flow.handoff import Handoff
from eid_stream.flow.outlet import Outlet
from eid_stream.flow.pipeline import Pipeline
from eid_stream.flow.stats import Stats
from tests.flow.short_runs import make, threads_of_stages
from tests.stand_ins.failing_stages import CollectingSink, CountingSource, dehazed

pytestmark = pytest.mark.timeout(20)


def test_every_frame_of_a_file_reaches_every_outlet_once_and_in_order() -> None:
    source, fast, slow = CountingSource(50), CollectingSink(), CollectingSink(seconds_per_frame=0.002)
    pipeline, stats = make(source, fast, slow)
    pipeline.run()
    assert fast.indices == slow.indices == list(range(50))
    assert fast.closed
    assert slow.closed
    assert source.closed.is_set()
    assert (stats.captured, stats.written["sink 0"], sum(stats.dropped.values())) == (50, 50, 0)
    assert stats.stage("dehaze").count == stats.stage("capture to sink 1").count == 50
    assert stats.position_seconds == pytest.approx(49 / 25)
    assert threads_of_stages() == []


class Memory:
    """Stands in for the memory of a picture."""


def test_a_stage_that_waits_holds_no_frame() -> None:
    captured: WeakSet[Memory] = WeakSet()
    corrected: WeakSet[Memory] = WeakSet()

    def with_memory(frame: Frame, kept: "WeakSet[Memory]") -> Frame:
        memory = Memory()
        kept.add(memory)
        return replace(frame, buffer=memory)

    class Source(CountingSource):
        def __iter__(self) -> Iterator[Frame]:
            return (with_memory(frame, captured) for frame in super().__iter__())

    class Sink(CollectingSink):
        most = 0, 0

        def write(self, frame: Frame) -> None:
            super().write(frame)
            self.most = max(self.most[0], len(captured)), max(self.most[1], len(corrected))

    sink = Sink(seconds_per_frame=0.01)
    pipeline, _ = make(Source(30), sink, dehaze=lambda frame: with_memory(replace(frame, state=DEHAZED), corrected))
    pipeline.run()
    assert sink.most[0] <= 2, "more than one in hand, and one in the passage"
    assert sink.most[1] <= 3, "more than those, and one that is written"


def test_a_live_stream_drops_and_counts_the_oldest_rather_than_wait() -> None:
    source = CountingSource(40, live=True, interval_seconds=0.002)
    slow = CollectingSink(seconds_per_frame=0.02)
    pipeline, stats = make(source, slow)
    pipeline.run()
    assert slow.indices == sorted(set(slow.indices))
    assert slow.indices[-1] == 39
    assert stats.dropped["sink 0"] > 0
    assert len(slow.indices) + sum(stats.dropped.values()) == stats.captured == 40


def test_frames_that_go_out_as_captured_are_counted_with_their_reason() -> None:
    def bypass(frame: Frame) -> Frame:
        return replace(frame, state=FrameState(dehazed=False, why="no engine")) if frame.index < 3 else dehazed(frame)

    sink = CollectingSink()
    pipeline, stats = make(CountingSource(10), sink, dehaze=bypass)
    pipeline.run()
    assert stats.bypassed == {"no engine": 3}
    assert len(sink.indices) == 10


def test_a_source_is_closed_as_soon_as_capture_has_ended_not_when_the_outlets_have() -> None:
    closed_before: list[bool] = []
    source = CountingSource(3, live=True)

    class Slow(CollectingSink):
        def close(self) -> None:
            closed_before.append(source.closed.wait(5))

    pipeline, _ = make(source, Slow())
    pipeline.run()
    assert closed_before == [True]


def test_a_file_that_is_read_to_its_end_has_all_the_time_its_outlets_need() -> None:
    sink = CollectingSink(seconds_per_frame=0.2)
    pipeline, _ = make(CountingSource(3), sink, grace_seconds=0.05)
    pipeline.run()
    assert sink.indices == [0, 1, 2]


def test_two_outlets_of_one_name_are_refused() -> None:
    outlets = [Outlet("null", CollectingSink()), Outlet("null", CollectingSink())]
    with pytest.raises(ValueError, match="one name"):
        Pipeline(CountingSource(), dehazed, outlets, stats=Stats())


def test_frames_are_looked_at_ahead_in_a_thread_of_their_own() -> None:
    threads: set[str] = set()

    def pairs(frames: Iterable[Frame]) -> Iterator[Frame]:
        """Hands frames on by two, as whoever looks ahead does."""
        waiting: list[Frame] = []
        for frame in frames:
            threads.add(threading.current_thread().name)
            waiting.append(frame)
            if len(waiting) == 2:
                yield from waiting
                waiting = []
        yield from waiting

    sink, stats = CollectingSink(), Stats()
    Pipeline(CountingSource(21), dehazed, [Outlet("sink", sink)], stats=stats, prepare=pairs).run()
    assert sink.indices == list(range(21))
    assert threads == {"look ahead"}


def test_the_window_runs_in_the_calling_thread_beside_the_other_outlets() -> None:
    seen: list[tuple[int, str]] = []

    def window(frames: Handoff[Frame]) -> None:
        seen.extend((frame.index, threading.current_thread().name) for frame in frames)

    sink = CollectingSink()
    pipeline, _ = make(CountingSource(15), sink)
    pipeline.run(window)
    assert seen == [(index, "MainThread") for index in range(15)]
    assert sink.indices == list(range(15))


def test_closing_the_window_ends_the_run_in_good_order() -> None:
    sink = CollectingSink()
    pipeline, stats = make(CountingSource(100_000), sink)
    pipeline.run(lambda frames: [frames.take() for _ in range(5)].clear())
    assert sink.closed
    assert sink.indices == list(range(stats.captured))


def test_a_window_that_waits_wakes_when_another_stage_fails() -> None:
    pipeline, _ = make(CountingSource(20, live=True, stalls_at=5, interval_seconds=0.002), CollectingSink(fails_at=0))
    with pytest.raises(SinkWriteError):
        pipeline.run(lambda frames: list(frames).clear())


def test_a_failing_window_ends_the_run_and_closes_the_recording() -> None:
    def window(frames: Handoff[Frame]) -> None:
        frames.take()
        raise RuntimeError("no display")

    sink = CollectingSink()
    pipeline, _ = make(CountingSource(100_000), sink)
    with pytest.raises(RuntimeError, match="no display"):
        pipeline.run(window)
    assert sink.closed
