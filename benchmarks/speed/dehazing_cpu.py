"""CPU that dehazing takes of a frame of a file: ``python -m benchmarks.speed.dehazing_cpu --source FILE``."""

import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

from cyclopts import App

from benchmarks.report import json_line, table
from eid_stream.backends import open_engine
from eid_stream.core.ffmpeg.picture_buffer import copy, view
from eid_stream.core.frame import Frame
from eid_stream.dehazing.file_dehazer import FileDehazer
from eid_stream.sources.file.video_file import VideoFileSource

_WARM_UP = 30
_OWN = "continuity, own band, NumPy"

app = App(help=__doc__)


@app.default
def main(*, source: Path, frames: int = 300, rounds: int = 3, distinct: int = 60) -> None:
    """Frames in memory through looks and correction into nothing; neither decoder nor encoder.

    Parameters
    ----------
    source
        Video whose first frames are used.
    frames
        Frames of each round.
    rounds
        How often it is measured; the median counts.
    distinct
        Different frames, which are played forward and back.
    """
    with closing(VideoFileSource(str(source))) as video:
        known = [_kept(frame) for frame in islice(video, distinct)]
    measured = [_measure(known, frames) for _ in range(rounds)]
    names = sorted({name for one in measured for name in one})
    medians = {name: statistics.median(one.get(name, 0.0) for one in measured) for name in names}
    whole = statistics.median(sum(one.values()) for one in measured)
    rows = {name: {"ms/frame": medians[name]} for name in names} | {"all threads": {"ms/frame": whole}}
    print(table(f"CPU of dehazing, {known[0].width}x{known[0].height}", ("ms/frame",), rows))
    print(json_line({"benchmark": "dehazing_cpu", "ms_per_frame": whole, "by_thread": medians}))


def _kept(frame: Frame) -> Frame:
    """The frame with memory of its own, as a decoder leaves it."""
    picture = copy(frame.planes, frame.layout)
    return replace(frame, planes=view(picture), buffer=picture)


def _measure(known: list[Frame], count: int) -> dict[str, float]:
    """Milliseconds of CPU a frame, by thread."""
    with closing(FileDehazer(open_engine(), keep_original=False)) as dehazer:
        prepared = dehazer.prepare(_played(known, _WARM_UP + count))
        for frame in islice(prepared, _WARM_UP):
            dehazer.dehaze(frame)
        before, process_before = _by_thread(), time.process_time()
        for frame in prepared:
            dehazer.dehaze(frame)
        after, process_seconds = _by_thread(), time.process_time() - process_before
    spent = {name: 1e3 * (seconds - before.get(name, 0.0)) / count for name, seconds in after.items()}
    return spent | {"other": 1e3 * process_seconds / count - sum(spent.values())}


def _played(known: list[Frame], count: int) -> Iterator[Frame]:
    step = known[1].pts - known[0].pts
    forth_and_back = cycle([*known, *known[-2:0:-1]])
    for index, frame in enumerate(islice(forth_and_back, count)):
        yield replace(frame, index=index, pts=index * step)


def _by_thread() -> dict[str, float]:
    """Seconds of CPU of every thread that Python knows."""
    spent = {}
    for thread in threading.enumerate():
        if thread.ident is not None:
            name = _OWN if thread is threading.main_thread() else thread.name
            spent[name] = time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
    return spent


if __name__ == "__main__":
    app()
