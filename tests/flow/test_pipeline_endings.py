"""How a run ends: by a failing stage, by a hanging one, by being stopped."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator

import pytest

from eid_stream.core.errors import SinkWriteError, SourceReadError
from eid_stream.core.frame import Frame
from eid_stream.flow.outlet import Outlet
from eid_stream.flow.pipeline import Pipeline
from eid_stream.flow.stats import Stats
from tests.flow.short_runs import failing_at, make, threads_of_stages
from tests.stand_ins.failing_stages import NEVER, CollectingSink, CountingSource

pytestmark = pytest.mark.timeout(20)


def stop_once(pipeline: Pipeline, true: Callable[[], bool]) -> None:
    """Stop a run that is about to begin, from another thread, as soon as something is true."""

    def wait() -> None:
        while not true():
            time.sleep(0.01)
        pipeline.stop()

    threading.Thread(target=wait, daemon=True).start()


@pytest.mark.parametrize(("position", "live"), [(0, False), (1, False), (19, False), (0, True), (1, True), (2, True)])
@pytest.mark.parametrize("stage", ["source", "dehaze", "first sink", "last sink", "sink at close"])
def test_whichever_stage_fails_at_any_frame_every_other_one_ends(stage: str, position: int, live: bool) -> None:
    # Live frames are dropped on a busy machine: there are more of them than it takes to come to the one that fails.
    count, interval_seconds = (2000, 0.002) if live and stage != "sink at close" else (20, 0.0)
    source = CountingSource(
        count, live=live, fails_at=position if stage == "source" else NEVER, interval_seconds=interval_seconds
    )
    failing = CollectingSink(
        fails_at=position if stage in ("first sink", "last sink") else NEVER, fails_at_close=stage == "sink at close"
    )
    healthy = CollectingSink()
    sinks = (failing, healthy) if stage == "first sink" else (healthy, failing)
    pipeline, _ = make(source, *sinks, dehaze=failing_at(position if stage == "dehaze" else NEVER))
    expected = {"source": SourceReadError, "dehaze": ZeroDivisionError}.get(stage, SinkWriteError)
    with pytest.raises(expected):
        pipeline.run()
    assert healthy.closed
    assert failing.closed
    assert source.closed.is_set()
    assert threads_of_stages() == []


def test_what_was_captured_before_the_source_failed_is_still_written() -> None:
    sink = CollectingSink(seconds_per_frame=0.005)
    pipeline, _ = make(CountingSource(20, fails_at=9), sink)
    with pytest.raises(SourceReadError):
        pipeline.run()
    assert sink.indices == list(range(9))


def test_the_first_failure_is_the_one_the_user_sees() -> None:
    sink = CollectingSink(fails_at=3, fails_at_close=True)
    pipeline, _ = make(CountingSource(20), sink)
    with pytest.raises(SinkWriteError, match=r"the disk is full$"):
        pipeline.run()


def test_a_stalled_source_is_closed_when_the_sink_fails() -> None:
    source = CountingSource(20, live=True, stalls_at=5, interval_seconds=0.002)
    pipeline, _ = make(source, CollectingSink(fails_at=0))
    with pytest.raises(SinkWriteError):
        pipeline.run()
    assert threads_of_stages() == []


def test_a_source_that_hangs_for_ever_is_left_behind_when_the_sink_fails() -> None:
    source = CountingSource(20, stalls_at=5, wakes_on_close=False)
    pipeline, stats = make(source, CollectingSink(fails_at=4), grace_seconds=0.1)
    with pytest.raises(SinkWriteError):
        pipeline.run()
    assert stats.faults == {"the capture stage did not end and was left behind": 1}


def test_a_sink_that_hangs_for_ever_is_left_behind_when_another_fails() -> None:
    pipeline, stats = make(CountingSource(), CollectingSink(hangs_at=0), CollectingSink(fails_at=1), grace_seconds=0.1)
    with pytest.raises(SinkWriteError):
        pipeline.run()
    assert stats.faults == {"the sink 0 stage did not end and was left behind": 1}


def test_stopping_ends_the_capture_and_everything_captured_is_written_and_closed() -> None:
    source, sink = CountingSource(100_000), CollectingSink(seconds_per_frame=0.001)
    pipeline, stats = make(source, sink)
    stop_once(pipeline, lambda: len(sink.indices) > 2)
    pipeline.run()
    assert 2 < len(sink.indices) < 100_000
    assert sink.indices == list(range(stats.captured))
    assert sink.closed


def test_stopping_does_not_wait_for_a_source_that_has_stalled() -> None:
    source, sink = CountingSource(20, live=True, stalls_at=3), CollectingSink()
    pipeline, _ = make(source, sink, grace_seconds=0.2)
    stop_once(pipeline, lambda: bool(sink.indices))
    pipeline.run()
    assert sink.closed
    assert source.closed.is_set()


@pytest.mark.parametrize("essential", [True, False])
def test_an_outlet_that_blocks_for_ever_does_not_keep_a_stopped_run(essential: bool) -> None:
    """Nothing grows meanwhile: the source is closed as soon as capture has ended."""
    source, fine = CountingSource(100_000, live=True, interval_seconds=0.001), CollectingSink()
    hanging = CollectingSink(hangs_at=1)
    pipeline, stats = make(source, fine, hanging, essential=essential, grace_seconds=0.3)
    stop_once(pipeline, lambda: hanging.hangs)
    if essential:
        with pytest.raises(SinkWriteError, match=r"sink 1 was stuck for .* and was left behind"):
            pipeline.run()
    else:
        pipeline.run()
    assert "sink 1 was stuck" in str(pipeline.lost["sink 1"])
    assert stats.faults == {"the sink 1 stage did not end and was left behind": 1}
    assert source.closed.is_set()
    assert fine.closed


@pytest.mark.parametrize("stage", ["source", "look ahead", "dehaze", "sink"])
def test_whichever_stage_fails_while_frames_are_looked_at_ahead_every_other_one_ends(stage: str) -> None:
    def ahead(frames: Iterable[Frame]) -> Iterator[Frame]:
        for frame in frames:
            if stage == "look ahead" and frame.index == 5:
                raise ZeroDivisionError("a bug")
            yield frame

    before = threads_of_stages()
    source = CountingSource(20, fails_at=5 if stage == "source" else NEVER)
    sink = CollectingSink(fails_at=5 if stage == "sink" else NEVER)
    dehaze = failing_at(5 if stage == "dehaze" else NEVER)
    pipeline = Pipeline(source, dehaze, [Outlet("sink", sink)], stats=Stats(), prepare=ahead)
    with pytest.raises((SourceReadError, ZeroDivisionError, SinkWriteError)):
        pipeline.run()
    assert sink.closed
    assert threads_of_stages() == before


def test_an_outlet_that_is_not_essential_fails_alone() -> None:
    failing, healthy = CollectingSink(fails_at=4), CollectingSink()
    pipeline, stats = make(CountingSource(30), failing, healthy, essential=False)
    pipeline.run()
    assert healthy.indices == list(range(30))
    assert failing.closed
    assert [str(error) for error in pipeline.lost.values()] == ["the disk is full"]
    assert stats.faults == {"sink 0: the disk is full": 1}


def test_the_run_fails_when_the_last_outlet_is_lost() -> None:
    pipeline, _ = make(CountingSource(30), CollectingSink(fails_at=4), CollectingSink(fails_at=8), essential=False)
    with pytest.raises(SinkWriteError):
        pipeline.run()
