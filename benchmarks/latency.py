"""Latency of the dehaze stage: a table for people, one JSON line last: ``python -m benchmarks.latency``."""

import json
import os
from dataclasses import dataclass
from typing import Literal

from cyclopts import App

from benchmarks.dehaze_latency import PARTS, measure_dehaze
from eid_stream.backends import open_engine
from eid_stream.options import EngineName
from eid_stream.stats import PERCENTILES, Histogram

SizeName = Literal["480p", "1080p", "2160p"]
SIZES: dict[SizeName, str] = {"480p": "854x480", "1080p": "1920x1080", "2160p": "3840x2160"}
BUDGET_P50_MS: dict[SizeName, float] = {"480p": 2.0, "1080p": 6.0, "2160p": 20.0}

app = App(help=__doc__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """What to measure."""

    only: SizeName | None
    engine: EngineName
    frames: int


@app.default
def main(*, only: SizeName | None = None, engine: EngineName = "auto", frames: int = 300) -> None:
    """Time thumbnail, estimate, smooth, apply and the whole dehaze stage at three sizes.

    Parameters
    ----------
    only
        Measure one size only.
    engine
        Engine to measure.
    frames
        Frames per size, after warming up.
    """
    print(json.dumps(measure(Options(only=only, engine=engine, frames=frames))))


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
        told[name] = times["total"].as_dict() | {"parts": {part: times[part].as_dict() for part in PARTS[:-1]}}
    opened.close()
    return told


def _row(size: SizeName, part: str, times: Histogram) -> str:
    values = "".join(f"{times.percentile_ms(percent):>9.2f}" for percent in PERCENTILES)
    return f"{size:<8}{part:<12}{values}" + (f"{BUDGET_P50_MS[size]:>9.1f}" if part == "total" else "")


if __name__ == "__main__":
    app()
