"""Latency: a table for people, one JSON line last.

``python -m benchmarks.speed.latency`` times the dehaze stage, ``--live`` what a whole live run adds.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2  # noqa: F401 - before PyAV: otherwise its window hangs
from cyclopts import App

from benchmarks.speed.dehaze_latency import PARTS, measure_dehaze
from benchmarks.speed.live_latency import FORMATS, DisplayPath, LiveLatency, LiveName, measure_live
from eid_stream.backends import open_engine
from eid_stream.core.engine_names import EngineName
from eid_stream.flow.stats import PERCENTILES, Histogram

SizeName = Literal["480p", "1080p", "2160p"]
SIZES: dict[SizeName, str] = {"480p": "854x480", "1080p": "1920x1080", "2160p": "3840x2160"}
BUDGET_P50_MS: dict[SizeName, float] = {"480p": 1.2, "1080p": 2.5, "2160p": 6.0}

app = App(help=__doc__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """What to measure."""

    only: SizeName | None
    engine: EngineName
    frames: int


@app.default
def main(
    *,
    only: SizeName | LiveName | None = None,
    engine: EngineName = "auto",
    frames: int = 300,
    live: bool = False,
    seconds: float = 15.0,
) -> None:
    """Time what every frame waits for, and a look beside it, at three sizes; or live runs.

    Parameters
    ----------
    only
        Measure one size only, or one live format such as 1080p30.
    engine
        Engine to measure.
    frames
        Frames per size, after warming up.
    live
        Play the phantom in real time through capture, dehaze and display, alone, beside a recording, and, where there
        is a display, in a window; time from capture to hand-over.
    seconds
        Length of each live run, after warming up.
    """
    if live or only in FORMATS:
        names = [only] if only in FORMATS else list(FORMATS)
        print(json.dumps(measure_live_runs(names, engine, seconds=seconds)))
    else:
        size = only if only in SIZES else None
        print(json.dumps(measure(Options(only=size, engine=engine, frames=frames))))


def measure_live_runs(names: Sequence[LiveName], engine: EngineName, *, seconds: float) -> dict[str, object]:
    """Play each format, print the table and return what goes into the JSON line."""
    opened = open_engine(engine)
    told: dict[str, object] = {"benchmark": "live latency", "engine": opened.card.name, "cores": os.cpu_count()}
    paths: list[DisplayPath] = ["null", "recording"]
    if os.environ.get("DISPLAY"):
        paths.append("window")
    print(f"Added latency with the {opened.card.name} engine, milliseconds, {seconds:g} s each")
    columns = (*(f"p{percent}" for percent in PERCENTILES), "max", "dropped", "late", "bypassed")
    print(f"{'format':<9}{'into':<11}" + "".join(f"{column:>9}" for column in columns))
    for name in names:
        runs = {path: measure_live(opened, name, path, seconds=seconds) for path in paths}
        for path, run in runs.items():
            print(_live_row(name, path, run))
        told[name] = runs["null"].as_dict() | {path: run.as_dict() for path, run in runs.items() if path != "null"}
    opened.close()
    return told


def _live_row(name: LiveName, path: DisplayPath, run: LiveLatency) -> str:
    times = (*(run.times.percentile_ms(percent) for percent in PERCENTILES), run.times.max_ms)
    counts = (run.dropped, run.late, sum(run.bypassed.values()))
    values = "".join(f"{value:>9.2f}" for value in times) + "".join(f"{count:>9}" for count in counts)
    return f"{name:<9}{path:<11}{values}"


def measure(options: Options) -> dict[str, object]:
    """Measure, print the table and return what goes into the JSON line."""
    opened = open_engine(options.engine)
    told: dict[str, object] = {"benchmark": "latency", "engine": opened.card.name, "cores": os.cpu_count()}
    print(f"Dehaze stage with the {opened.card.name} engine, milliseconds, {options.frames} frames each")
    print(f"{'size':<8}{'part':<12}" + "".join(f"{f'p{percent}':>9}" for percent in PERCENTILES) + f"{'budget':>9}")
    for name in [options.only] if options.only else list(SIZES):
        times = measure_dehaze(opened, SIZES[name], frames=options.frames)
        for part in PARTS:
            print(_row(name, part, times[part]))
        told[name] = times["frame"].as_dict() | {"parts": {part: times[part].as_dict() for part in PARTS[:-1]}}
    opened.close()
    return told


def _row(size: SizeName, part: str, times: Histogram) -> str:
    values = "".join(f"{times.percentile_ms(percent):>9.2f}" for percent in PERCENTILES)
    return f"{size:<8}{part:<12}{values}" + (f"{BUDGET_P50_MS[size]:>9.1f}" if part == "frame" else "")


if __name__ == "__main__":
    app()
