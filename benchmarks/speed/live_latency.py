"""Added latency of a live run: the phantom in real time through capture, dehaze, display and recording."""

import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from eid_stream.core.engine_card import EngineCard
from eid_stream.core.frame import Frame, StreamInfo
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.interfaces import Engine
from eid_stream.core.thumbnail import Thumbnail
from eid_stream.flow.outlet import Outlet
from eid_stream.flow.pipeline import Pipeline, Window
from eid_stream.flow.stats import Histogram, Stats
from eid_stream.live.bypass_latch import BypassLatch
from eid_stream.live.controls import LiveControls
from eid_stream.live.live_dehazer import LiveDehazer
from eid_stream.sinks.file.live_recorder import LiveRecorder
from eid_stream.sinks.file.recorder import Recorder
from eid_stream.sinks.window.window import Window as ScreenWindow
from eid_stream.sources.phantom.phantom_source import PhantomSource
from eid_stream.sources.real_time import RealTimeSource

LiveName = Literal["480p25", "1080p30", "1080p60", "2160p30"]
FORMATS: dict[LiveName, tuple[str, int]] = {
    "480p25": ("854x480", 25),
    "1080p30": ("1920x1080", 30),
    "1080p60": ("1920x1080", 60),
    "2160p30": ("3840x2160", 30),
}
DisplayPath = Literal["null", "recording", "window"]
_RING = 12
"""Pictures painted beforehand and shown in turn: painting the phantom is not what is measured."""
_WARM_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class LiveLatency:
    """What one run measured, without its first two seconds."""

    times: Histogram
    dropped: int
    late: int
    """Frames handed over more than one frame interval after their capture."""
    bypassed: Counter[str]

    def as_dict(self) -> dict[str, float]:
        """For the JSON line."""
        return self.times.as_dict() | {
            "dropped": self.dropped,
            "late": self.late,
            "bypassed": sum(self.bypassed.values()),
        }


class PhantomRing:
    """Frames of the phantom, shown again and again with new time stamps."""

    def __init__(self, size: str, rate: int, seconds: float) -> None:
        phantom = PhantomSource(f"phantom:?size={size}&rate={rate}&frames={_RING}")
        self.info: StreamInfo = phantom.info
        self._frames = list(phantom)
        self.count = round(seconds * rate)

    def __iter__(self) -> Iterator[Frame]:
        for number in range(self.count):
            yield replace(self._frames[number % _RING], pts=number, index=number, time_base=self.info.time_base)

    def close(self) -> None:
        """Nothing to release."""


class _Meter:
    """Takes frames like a display and notes how old they are."""

    def __init__(self, rate: int) -> None:
        self.times = Histogram()
        self.late = 0
        self.bypassed: Counter[str] = Counter()
        self.seen: set[int] = set()
        self._interval_ns = 10**9 // rate
        self._warm = round(_WARM_SECONDS * rate)

    def note(self, frame: Frame) -> None:
        if frame.index < self._warm:
            return
        added_ns = time.monotonic_ns() - frame.captured_ns
        self.seen.add(frame.index)
        self.times.record(added_ns)
        self.late += added_ns > self._interval_ns
        if not frame.state.dehazed:
            self.bypassed[frame.state.why] += 1

    def result(self, frames: int) -> LiveLatency:
        return LiveLatency(self.times, frames - self._warm - len(self.seen), self.late, self.bypassed)


class _MeteredSink:
    """Keeps nothing but the time."""

    def __init__(self, meter: _Meter) -> None:
        self._meter = meter

    def write(self, frame: Frame) -> None:
        self._meter.note(frame)

    def close(self) -> None:
        """Nothing to release."""


def measure_live(engine: Engine, name: LiveName, path: DisplayPath, *, seconds: float) -> LiveLatency:
    """Play one format for ``seconds`` after warming up: into nothing, with a recording beside it, or into a window."""
    size, rate = FORMATS[name]
    ring = PhantomRing(size, rate, _WARM_SECONDS + seconds)
    meter = _Meter(rate)
    latch, stats = BypassLatch(), Stats()
    enhancement = LiveDehazer(lambda: _Shared(engine), latch, stats=stats)
    with tempfile.TemporaryDirectory() as folder:
        outlets = [] if path == "window" else [Outlet("null", _MeteredSink(meter))]
        if path == "recording":
            outlets.append(Outlet("record", _recorder(Path(folder), ring.info), capacity=8))
        window = _window(ring.info, enhancement, latch, stats, meter) if path == "window" else None
        Pipeline(RealTimeSource(ring), enhancement.dehaze, outlets, stats=stats).run(window)
    enhancement.close()
    return meter.result(ring.count)


class _Shared:
    """An engine that outlives the runs that use it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def card(self) -> EngineCard:
        return self._engine.card

    def estimate(self, thumbnail: Thumbnail) -> HazeMaps:
        return self._engine.estimate(thumbnail)

    def reset(self) -> None:
        self._engine.reset()

    def close(self) -> None:
        """Nothing to release."""


def _recorder(folder: Path, info: StreamInfo) -> LiveRecorder:
    return LiveRecorder(
        folder / "recording.mkv",
        lambda path, _: Recorder(path, info, codec="h264", preset="ultrafast"),
        background=True,
    )


def _window(info: StreamInfo, enhancement: LiveDehazer, latch: BypassLatch, stats: Stats, meter: _Meter) -> Window:
    controls = LiveControls(enhancement=enhancement, latch=latch, stats=stats, on_shown=meter.note)
    return ScreenWindow(controls, info).run
