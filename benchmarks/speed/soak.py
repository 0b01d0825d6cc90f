"""Hours of live video in minutes: do memory, threads or descriptors grow?

    python -m benchmarks.speed.soak --minutes 30

The phantom runs as fast as it can through reconnections, the live dehazer, the engine and a recording in segments; what
the process holds is noted all along. A table for people, one JSON line last.
"""

import json
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

from cyclopts import App

from benchmarks.speed.live_latency import PhantomRing
from eid_stream.backends import open_engine
from eid_stream.core.engine_names import EngineName
from eid_stream.core.frame import Frame, StreamInfo
from eid_stream.core.interfaces import Source
from eid_stream.flow.outlet import Outlet
from eid_stream.flow.pipeline import Pipeline
from eid_stream.flow.stats import Stats
from eid_stream.live.bypass_latch import BypassLatch
from eid_stream.live.live_dehazer import LiveDehazer
from eid_stream.sinks.file.live_recorder import LiveRecorder, SegmentLimit
from eid_stream.sinks.file.recorder import Recorder
from eid_stream.sources.live.reconnecting import ReconnectingSource

RATE = 30
_CONNECTION_SECONDS = 20.0
"""Video after which the sender hangs up and is looked for again."""
_SEGMENT_SECONDS = Fraction(1)
_OLDEST_MAPS_SECONDS = 20.0
"""Of video, which runs faster here than any camera: maps that are a moment old on the clock are seconds old by the
frames' times, and on a busy machine nearly all frames would go out as captured."""
_SAMPLES = 20

app = App(help=__doc__)


@dataclass(frozen=True, slots=True)
class Held:
    """What the process holds at one moment."""

    frames: int
    rss_mib: float
    threads: int
    descriptors: int


@dataclass
class Soak:
    """What was held all along, from the first twentieth on: until then caches fill."""

    samples: list[Held] = field(default_factory=list)
    dehazed: int = 0
    """Frames that were corrected; the others went out as captured."""
    lost_signals: int = 0
    """How often the sender hung up and was found again."""

    @property
    def growth_mib(self) -> float:
        """Resident memory at the end against that after the first quarter."""
        settled = self.samples[len(self.samples) // 4]
        return self.samples[-1].rss_mib - settled.rss_mib

    def as_dict(self) -> dict[str, float]:
        """For the JSON line."""
        last = self.samples[-1]
        return {
            "frames": last.frames,
            "dehazed": self.dehazed,
            "lost_signals": self.lost_signals,
            "rss_mib": round(last.rss_mib, 1),
            "growth_mib": round(self.growth_mib, 1),
            "threads": last.threads,
            "descriptors": last.descriptors,
            "most_threads": max(sample.threads for sample in self.samples),
            "most_descriptors": max(sample.descriptors for sample in self.samples),
        }


@app.default
def main(*, minutes: float = 30.0, size: str = "320x240", engine: EngineName = "auto") -> None:
    """Run so many minutes of video.

    Parameters
    ----------
    minutes
        Length of the video; the run takes less.
    size
        Size of the picture.
    engine
        Engine to run.
    """
    print(f"{'frames':>8}{'RSS MiB':>9}{'threads':>9}{'descriptors':>13}")
    told = soak(minutes=minutes, size=size, engine=engine, note=_print_row)
    print(json.dumps({"benchmark": "soak", "minutes": minutes, **told.as_dict()}))


def _print_row(sample: "Held") -> None:
    print(f"{sample.frames:>8}{sample.rss_mib:>9.1f}{sample.threads:>9}{sample.descriptors:>13}", flush=True)


def soak(*, minutes: float, size: str, engine: EngineName, note: Callable[["Held"], None] = lambda _: None) -> Soak:
    """Run and return what was held; ``note`` hears of each sample."""
    sender = _Sender(PhantomRing(size, RATE, _CONNECTION_SECONDS))
    source = ReconnectingSource(sender.connection, first_pause_seconds=0.0)
    count = max(_SAMPLES, round(minutes * 60 * RATE))
    opened, stats = open_engine(engine), Stats()
    dehazer = LiveDehazer(lambda: opened, BypassLatch(), stats=stats, oldest_maps_seconds=_OLDEST_MAPS_SECONDS)
    result = Soak()
    with tempfile.TemporaryDirectory() as folder:
        sampler = _Sampler(result, count // _SAMPLES, note)
        outlets = [Outlet("sampler", sampler), Outlet("record", _recorder(Path(folder)))]
        Pipeline(_Accelerated(source, sender, count), dehazer.dehaze, outlets, stats=stats).run()
    dehazer.close()
    result.lost_signals = source.damage.lost_signals
    return result


def held(frames: int) -> Held:
    """What this process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    return Held(frames, pages * os.sysconf("SC_PAGE_SIZE") / 2**20, threading.active_count(), descriptors)


class _Sender:
    """One connection after the other, on a clock of their own. A frame is sent when the one before it was taken: live
    frames that nobody takes are dropped, and a sender without pace would send most of its video to nobody."""

    def __init__(self, ring: PhantomRing) -> None:
        self._ring = ring
        self._sent = 0
        self.taken = threading.Semaphore()

    def connection(self) -> "_Connection":
        return _Connection(self._ring.info, self._frames())

    def _frames(self) -> Iterator[Frame]:
        for frame in self._ring:
            self.taken.acquire()
            self._sent += 1
            yield replace(frame, captured_ns=self._sent * 10**9 // RATE)


@dataclass(frozen=True, slots=True)
class _Connection:
    info: StreamInfo
    frames: Iterator[Frame]

    def __iter__(self) -> Iterator[Frame]:
        return self.frames

    def close(self) -> None: ...


class _Accelerated:
    """The first frames of a live source, none dropped."""

    def __init__(self, source: Source, sender: _Sender, count: int) -> None:
        self._source = source
        self._sender = sender
        self._count = count

    @property
    def info(self) -> StreamInfo:
        return replace(self._source.info, live=False)

    def __iter__(self) -> Iterator[Frame]:
        for number, frame in enumerate(self._source):
            self._sender.taken.release()
            if number >= self._count:
                return
            yield frame

    def close(self) -> None:
        self._source.close()
        self._sender.taken.release()


class _Sampler:
    def __init__(self, soak: Soak, every: int, note: Callable[[Held], None]) -> None:
        self._soak = soak
        self._note = note
        self._every = every

    def write(self, frame: Frame) -> None:
        self._soak.dehazed += frame.state.dehazed
        if (frame.index + 1) % self._every == 0:
            self._soak.samples.append(held(frame.index + 1))
            self._note(self._soak.samples[-1])

    def close(self) -> None: ...


def _recorder(folder: Path) -> LiveRecorder:
    def open_segment(path: Path, first: Frame) -> Recorder:
        for old in folder.glob("*.mkv"):
            old.unlink()
        info = StreamInfo("soak", first.width, first.height, first.layout, first.colour, first.time_base)
        return Recorder(path, info, codec="h264", preset="ultrafast")

    return LiveRecorder(folder / "soak.mkv", open_segment, limit=SegmentLimit(seconds=_SEGMENT_SECONDS))


if __name__ == "__main__":
    app()
