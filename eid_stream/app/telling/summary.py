"""What a run has done, for people."""

from collections.abc import Iterator

from eid_stream.core.sentences import ended_once
from eid_stream.flow.stats import PERCENTILES, Histogram, Stats


def summarise(stats: Stats, *, wall_seconds: float) -> str:
    """Frames, rate, what was not dehazed and why, and a table of how long each stage took."""
    return "\n".join(map(ended_once, _lines(stats, wall_seconds)))


def _lines(stats: Stats, wall_seconds: float) -> Iterator[str]:
    frames = max(stats.written.values(), default=0)
    rate = frames / max(wall_seconds, 1e-6)
    yield f"{_counted(frames)} in {wall_seconds:.1f} s ({rate:.1f} frames/s)."
    for reason, count in stats.bypassed.most_common():
        yield f"{_counted(count)} went out as captured: {reason}."
    for stage, count in stats.dropped.items():
        if count:
            yield f"{_counted(count)} came too late for {stage} and {'was' if count == 1 else 'were'} dropped."
    for outlet, count in stats.missed.items():
        if count:
            yield f"{_counted(count)} reached nobody through {outlet}."
    for fault, count in stats.faults.most_common():
        yield f"Fault ({count}x): {fault}."
    yield from stats.damage
    yield f"{'milliseconds':<20}" + "".join(f"{name:>9}" for name in (*(f"p{p}" for p in PERCENTILES), "max"))
    for name, histogram in stats.stages.items():
        if histogram.count:
            yield f"{name:<20}" + "".join(f"{value:>9.2f}" for value in _times(histogram))


def _counted(frames: int) -> str:
    return "1 frame" if frames == 1 else f"{frames} frames"


def _times(histogram: Histogram) -> Iterator[float]:
    yield from (histogram.percentile_ms(percent) for percent in PERCENTILES)
    yield histogram.max_ms
