"""Short runs of a pipeline over stages that count, fail or hang."""

import itertools
import threading
from collections.abc import Callable

from eid_stream.core.frame import Frame
from eid_stream.flow.outlet import Outlet
from eid_stream.flow.pipeline import Pipeline
from eid_stream.flow.stats import Stats
from tests.stand_ins.failing_stages import CollectingSink, CountingSource, dehazed


def make(
    source: CountingSource,
    *sinks: CollectingSink,
    dehaze: Callable[[Frame], Frame] = dehazed,
    essential: bool = True,
    grace_seconds: float = 5.0,
) -> tuple[Pipeline, Stats]:
    stats = Stats()
    outlets = [Outlet(f"sink {number}", sink, essential=essential) for number, sink in enumerate(sinks)]
    return Pipeline(source, dehaze, outlets, stats=stats, grace_seconds=grace_seconds), stats


def failing_at(call: int) -> Callable[[Frame], Frame]:
    calls = itertools.count()

    def dehaze(frame: Frame) -> Frame:
        if next(calls) == call:
            raise ZeroDivisionError("a bug")
        return dehazed(frame)

    return dehaze


def threads_of_stages() -> list[str]:
    names = ("capture", "look ahead", "dehaze", "sink", "closing")
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(names)]
