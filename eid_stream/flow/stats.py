"""What a run counts and times: fixed-size histograms, so that a stream may last for days."""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter_ns
from typing import Any

from eid_stream.core.frame import Frame
from eid_stream.flow.haze_curve import HazeCurve

BUCKETS_PER_OCTAVE = 32
_FIRST_NS = 1_000
_OCTAVES = 27
_MOST_REASONS = 20

PERCENTILES = (50, 95, 99)


class Histogram:
    """Durations from 1 µs to two minutes in buckets 2.2 % wide; largest and count are exact.

    One thread records; any thread may read.
    """

    def __init__(self) -> None:
        """Start empty; the size never changes."""
        self._counts = [0] * (BUCKETS_PER_OCTAVE * _OCTAVES + 1)
        self._count = 0
        self._sum_ns = 0
        self._max_ns = 0

    def record(self, duration_ns: int) -> None:
        """Count one duration."""
        octaves = math.log2(max(duration_ns, _FIRST_NS) / _FIRST_NS)
        self._counts[min(int(octaves * BUCKETS_PER_OCTAVE), len(self._counts) - 1)] += 1
        self._count += 1
        self._sum_ns += duration_ns
        self._max_ns = max(self._max_ns, duration_ns)

    @property
    def count(self) -> int:
        """Number of durations."""
        return self._count

    @property
    def max_ms(self) -> float:
        """Longest duration in milliseconds."""
        return self._max_ns / 1e6

    @property
    def mean_ms(self) -> float:
        """Mean duration in milliseconds; 0 without any."""
        return self._sum_ns / max(self._count, 1) / 1e6

    def percentile_ms(self, percent: float) -> float:
        """Duration that ``percent`` of all do not exceed, in milliseconds, within 1.1 %; 0 without any."""
        wanted = max(1, math.ceil(self._count * percent / 100.0))
        seen = 0
        for bucket, count in enumerate(self._counts):
            seen += count
            if seen >= wanted:
                middle_ns = _FIRST_NS * math.exp2((bucket + 0.5) / BUCKETS_PER_OCTAVE)
                return min(middle_ns, self._max_ns) / 1e6
        return 0.0

    def as_dict(self) -> dict[str, float]:
        """Count, mean, p50, p95, p99 and max, as written to JSON."""
        percentiles = {f"p{percent}_ms": round(self.percentile_ms(percent), 3) for percent in PERCENTILES}
        return {
            "frames": self.count,
            "mean_ms": round(self.mean_ms, 3),
            **percentiles,
            "max_ms": round(self.max_ms, 3),
        }


class Stats:
    """Everything one run counts. Each stage's histogram and counters have one writing thread."""

    def __init__(self) -> None:
        """Start at zero."""
        self.stages: dict[str, Histogram] = {}
        self.frames_before = 0
        """Frames that an earlier run has written, where this one goes on with its file."""
        self.first_seconds: float | None = None
        """Presentation time of the file's first frame."""
        self.seconds_before = 0.0
        """Presentation time of the first frame of this run, from the file's first one."""
        self.captured = 0
        """Frames that came out of the source."""
        self.written: Counter[str] = Counter()
        """Frames each outlet has taken, by its name."""
        self.dropped: Counter[str] = Counter()
        """Frames thrown away because a stage was late, by the stage they did not reach."""
        self.missed: Counter[str] = Counter()
        """Frames that an outlet let go because nobody received them, by its name; they do not count as written."""
        self.bypassed: Counter[str] = Counter()
        """Frames that went out as captured, by reason."""
        self.faults: Counter[str] = Counter()
        """Things that went wrong without ending the run, by description."""
        self.damage: list[str] = []
        """What was damaged in the source and what was done about it, one sentence each."""
        self.haze = HazeCurve()
        """How hazy the video is, second by second; recorded for files."""
        self.memory: Callable[[], dict[str, float]] = dict
        """What the memory of the scene says of itself: its age, its trust, how sure it is of smoke."""
        self.positions: dict[str, float] = {}
        """Presentation time of the latest frame an outlet has taken, from its first frame's, by the outlet's name."""
        self._first_seconds: dict[str, float] = {}

    @property
    def position_seconds(self) -> float:
        """Presentation time of the latest frame that any outlet has taken, from its first frame's."""
        return self.seconds_before + max(list(self.positions.values()), default=0.0)

    def stage(self, name: str) -> Histogram:
        """The histogram of a stage, made when first asked for."""
        return self.stages.setdefault(name, Histogram())

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Time what is done inside for a stage."""
        before = perf_counter_ns()
        yield
        self.stage(stage).record(perf_counter_ns() - before)

    def wrote(self, outlet: str, frame: Frame, *, missed: int) -> None:
        """Count a frame that an outlet has taken and was ``timed`` for; ``missed`` of all of them reached nobody."""
        self.stage(f"capture to {outlet}").record(time.monotonic_ns() - frame.captured_ns)
        self.missed[outlet] = missed
        self.written[outlet] = self.stage(outlet).count - missed
        seconds = float(frame.seconds)
        self.positions[outlet] = seconds - self._first_seconds.setdefault(outlet, seconds)

    def bypass(self, reason: str) -> None:
        """Count a frame that goes out as captured."""
        _count_reason(self.bypassed, reason)

    def fault(self, description: str) -> None:
        """Count something that went wrong without ending the run."""
        _count_reason(self.faults, description)

    def as_dict(self) -> dict[str, Any]:
        """All of it for JSON; keys carry their unit."""
        return {
            "frames": self.frames_before + self.captured,
            "video_seconds": round(self.position_seconds, 3),
            "written_frames": {name: self.frames_before + count for name, count in self.written.items()},
            "bypassed_frames": sum(self.bypassed.values()),
            "bypass_reasons": dict(self.bypassed),
            "dropped_frames": sum(self.dropped.values()),
            "drops": {stage: count for stage, count in self.dropped.items() if count},
            "missed_frames": {name: count for name, count in self.missed.items() if count},
            "faults": dict(self.faults),
            "damage": list(self.damage),
            "haze_per_second": self.haze.per_second,
            "memory": self.memory(),
            "stages": {name: histogram.as_dict() for name, histogram in self.stages.items()},
        }


def _count_reason(counter: "Counter[str]", reason: str) -> None:
    """Count a reason, but never keep more than a handful of different ones: reasons may hold numbers."""
    known = reason in counter or len(counter) < _MOST_REASONS
    counter[reason if known else "other reasons"] += 1
