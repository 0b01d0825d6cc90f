"""How fast an engine estimates: one engine, or ONNX Runtime's settings on this CPU against each other.

    python -m benchmarks.speed.engines                     the engine that auto takes
    python -m benchmarks.speed.engines --engine cuda
    python -m benchmarks.speed.engines --settings          every combination of looks at once, threads, spinning, arena

Prints a table and one JSON line. "paced" asks at 30 Hz as a live stream does, with the correction of a 1080p frame
after every answer, so threads wake from sleep and share the CPU; "burst" asks back to back.
"""

import json
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import numpy as np
from cyclopts import App

from eid_stream.backends import open_engine
from eid_stream.backends.onnx_runtime.onnx_engine import CpuThreads, OnnxEngine
from eid_stream.backends.self_test import golden_thumbnails
from eid_stream.backends.student_contract import CARD_FILE, MODEL_FILE
from eid_stream.core.engine_card import EngineCard
from eid_stream.core.engine_names import EngineName
from eid_stream.core.frame import PIXEL_LAYOUTS, Colour, Planes
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.interfaces import Engine
from eid_stream.core.thumbnail import Thumbnail
from eid_stream.dehazing.plane_correction import apply_maps

PACE_SECONDS = 1 / 30
WARM_UP = 20
WEIGHTS = Path(__file__).parents[2] / "eid_stream" / "weights"
_LAYOUT, _COLOUR = PIXEL_LAYOUTS["yuv420p"], Colour(full_range=False)

Figures = dict[str, float]
app = App(help=__doc__)


@app.default
def main(*, engine: EngineName = "auto", settings: bool = False, estimates: int = 300, student: Path = WEIGHTS) -> None:
    """Time estimates.

    Parameters
    ----------
    engine
        Engine to measure.
    settings
        Compare ONNX Runtime's settings instead.
    estimates
        Number of estimates per row.
    student
        Folder of the student for --settings.
    """
    print(f"{'engine':<34}{'mode':<8}{'p50 ms':>9}{'p99 ms':>9}{'CPU ms':>9}{'first ms':>10}{'growth MiB':>12}")
    rows = {}
    for name, open_one in _variants(student) if settings else [(engine, lambda: open_engine(engine))]:
        for mode, measure in (("burst", _burst), ("paced", _paced)):
            rows[f"{name} {mode}"] = figures = _figures(open_one, measure, estimates)
            print(_row(name, mode, figures))
    print(json.dumps({"benchmark": "engines", "estimates": estimates, "rows": rows}))


def _variants(folder: Path) -> Iterator[tuple[str, Callable[[], Engine]]]:
    model, card = (folder / MODEL_FILE).read_bytes(), EngineCard.load(folder / CARD_FILE)
    for at_once, count, spinning, arena in product((False, True), (1, 2), (False, True), (False, True)):
        threads = CpuThreads(count=count, at_once=at_once, spinning=spinning, arena=arena)
        name = f"{'at once, ' if at_once else ''}threads {count}{' spinning' if spinning else ''}{' arena' * arena}"
        yield name, lambda threads=threads: OnnxEngine(model, card, threads)  # type: ignore[misc]


def _figures(
    open_one: Callable[[], Engine], measure: Callable[[Engine, Thumbnail, int], list[float]], count: int
) -> Figures:
    engine = open_one()
    thumbnail = golden_thumbnails(engine.card.thumbnail_width, engine.card.thumbnail_height)["smoky"]
    first = _timed(engine, thumbnail)
    measure(engine, thumbnail, WARM_UP)
    before = _resident_mib()
    began = time.process_time()
    seconds = measure(engine, thumbnail, count)
    cpu = (time.process_time() - began) / count
    growth = _resident_mib() - before
    engine.close()
    p50, p99 = np.percentile(seconds, (50, 99)) * 1000
    return {"p50_ms": p50, "p99_ms": p99, "cpu_ms": cpu * 1000, "first_ms": first * 1000, "growth_mib": growth}


def _burst(engine: Engine, thumbnail: Thumbnail, count: int) -> list[float]:
    return [_timed(engine, thumbnail) for _ in range(count)]


def _paced(engine: Engine, thumbnail: Thumbnail, count: int) -> list[float]:
    planes, out = _planes(), _planes()
    maps = HazeMaps.identity(24, 32)
    seconds = []
    began = time.monotonic()
    for index in range(count):
        time.sleep(max(0.0, began + index * PACE_SECONDS - time.monotonic()))
        seconds.append(_timed(engine, thumbnail))
        apply_maps(planes, out, maps, _LAYOUT, _COLOUR)
    return seconds


def _timed(engine: Engine, thumbnail: Thumbnail) -> float:
    began = time.perf_counter()
    engine.estimate(thumbnail)
    return time.perf_counter() - began


def _planes() -> Planes:
    y, cb, cr = (np.full(shape, 90, np.uint8) for shape in _LAYOUT.plane_shapes(1920, 1080))
    return y, cb, cr


def _resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 2**20


def _row(name: str, mode: str, figures: Figures) -> str:
    return f"{name:<34}{mode:<8}" + "".join(
        f"{figures[key]:>{width}.2f}"
        for key, width in (("p50_ms", 9), ("p99_ms", 9), ("cpu_ms", 9), ("first_ms", 10), ("growth_mib", 12))
    )


if __name__ == "__main__":
    app()
