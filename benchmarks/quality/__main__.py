"""Quality: tables for people, sheets for eyes, one JSON line for machines: ``python -m benchmarks.quality``."""

import argparse
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.quality.contact_sheet import write_sheet
from benchmarks.quality.evaluation import Figures, Measures, Outcome, evaluate, head
from benchmarks.quality.measures.no_reference import NoReference
from benchmarks.quality.measures.pyiqa_measures import PyiqaMeasures
from benchmarks.quality.method_choice import ROWS, make_rows, rows_at_hand
from benchmarks.quality.methods import Method
from benchmarks.quality.sets.moving_smoke import moving_sets
from benchmarks.quality.sets.picture_sets import (
    SMOKY_CLIPS,
    PictureSet,
    clear_set,
    clip_sets,
    hazy_set,
    moments_set,
    pair_set,
    phantom_set,
    rendered_sets,
)
from benchmarks.quality.sets.remembered_pairs import pair_sets
from benchmarks.report import json_line, table
from eid_stream.core.errors import EidStreamError
from training.data.frames import FRAME_LIST, data_folder

SECTIONS = ("pair", "pairs", "moving", "rendered", "phantom", "moments", "hazy", "clips", "clear")
HEADLINES = {
    "pair": ("psnr_db", "ssim"),
    "rendered_medium": ("psnr_db", "ssim"),
    "phantom": ("psnr_db",),
    "pairs": ("psnr_db", "ssim", "untouched_percent"),
    "pairs_remembered": ("psnr_db", "ssim", "untouched_percent"),
    "moving": ("gain_db", "least_gain_db", "untouched_percent", "identity_median_db", "identity_p5_db"),
    "moving_choosing": ("gain_db", "least_gain_db"),
    "moving_alone": ("gain_db",),
    "moving_foreign": ("gain_db",),
    "moments": ("witness_psnr_db",),
    "hazy": ("fade", "niqe", "saturated_percent"),
    "clear": ("identity_median_db", "identity_p5_db"),
    "bright_clear_720p30": ("identity_median_db",),
}
QUICK_LIMIT = 24
QUICK_ROWS = ("input", "prior", "student")


Result = dict[str, dict[str, Figures]]
"""Figures by group (``rows``, or a source's name), row and measure."""


@dataclass(frozen=True, slots=True)
class Options:
    """What to measure."""

    data: Path
    sections: tuple[str, ...]
    rows: tuple[str, ...]
    students: tuple[Path, ...]
    teachers: tuple[Path, ...]
    limit: int | None
    by_source: bool
    sources: tuple[str, ...]
    """Whose frames are measured, of every split; none: those for validation."""
    pyiqa: bool
    sheets: Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write sheets; the exit status is 0 also where there is no data to measure on."""
    options = parse(arguments)
    if not (options.data / FRAME_LIST).exists():
        print(
            f"Only the phantom is measured: {options.data} has no {FRAME_LIST}. Set EID_DATA to the folder of data.\n"
        )
        options = replace(options, sections=tuple(name for name in options.sections if name == "phantom"))
    try:
        results = measure(options)
    except EidStreamError as error:
        print(f"error: {error}")
        return error.exit_code
    print(json_line(results))
    return 0


def measure(options: Options) -> dict[str, object]:
    """Run all wanted sets and print a table after each; the result is what the JSON line says."""
    started = time.monotonic()
    methods = make_rows(options.rows, options.students, options.teachers)
    more = PyiqaMeasures.find() if options.pyiqa else None
    parameters = options.data / "metrics"
    measures = Measures(NoReference.load(parameters) if parameters.is_dir() else None, more)
    sets: dict[str, Result] = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for pictures in choose_sets(options):
            sets[pictures.name] = _run_set(pictures, methods, measures, pool, options)
    summary = summarise({name: result["rows"] for name, result in sets.items()})
    _print_table("### summary", summary)
    seconds = time.monotonic() - started
    return {"benchmark": "quality", "limit": options.limit, "seconds": seconds, "summary": summary, "sets": sets}


def _run_set(
    pictures: PictureSet, methods: list[Method], measures: Measures, pool: Executor, options: Options
) -> Result:
    outcome = evaluate(pictures, methods, measures, pool)
    _print_table(f"### {pictures.name}", outcome.table())
    result: Result = {"rows": outcome.table()}
    if options.by_source or pictures.name.startswith("moving"):
        for source, rows in outcome.by_source().items():
            result[source] = rows
            _print_table(f"#### {pictures.name}: {source}", rows)
    _write(pictures, outcome, methods, options.sheets)
    return result


def summarise(sets: Mapping[str, dict[str, Figures]]) -> dict[str, Figures]:
    """The figures one decides by, a line per row; of clips with smoke the mean."""
    summary: dict[str, Figures] = {}
    for name, rows in sets.items():
        for row, figures in rows.items():
            line = summary.setdefault(row, {})
            line |= {f"{name}.{key}": figures[key] for key in HEADLINES.get(name, ()) if key in figures}
    clips = [rows for name, rows in sets.items() if name in SMOKY_CLIPS]
    for row, line in summary.items():
        for key in ("fade", "niqe", "saturated_percent", "flicker_per_contrast", "drift_per_contrast"):
            values = [rows[row][key] for rows in clips if key in rows[row]]
            line |= {f"clips.{key}": sum(values) / len(values)} if values else {}
        for key in ("jump_p99", "jump_largest"):
            values = [rows[row][key] for rows in clips if key in rows[row]]
            line |= {f"clips.{key}": max(values)} if values else {}
    return summary


def _print_table(title: str, rows: dict[str, dict[str, float]]) -> None:
    columns = list(dict.fromkeys(name for figures in rows.values() for name in figures))
    print(table(title, columns, rows, digits=3), flush=True)


def _write(pictures: PictureSet, outcome: Outcome, methods: list[Method], folder: Path) -> None:
    names = [*(method.name for method in methods), "truth"]
    with_truth = any(line[-1] is not None for line in outcome.lines)
    lines = outcome.lines if with_truth else [line[:-1] for line in outcome.lines]
    write_sheet(folder / f"{pictures.name}.png", names if with_truth else names[:-1], lines)


def choose_sets(options: Options) -> list[PictureSet]:
    """The sets of the wanted sections, in the table's order, shortened to the limit."""
    limit, data, sources = options.limit, options.data, options.sources
    makers = {
        "pair": lambda: [pair_set(data, limit)],
        "pairs": lambda: pair_sets(data, limit),
        "moving": lambda: moving_sets(data, limit),
        "rendered": lambda: rendered_sets(data, limit, sources),
        "phantom": lambda: [phantom_set(limit)],
        "moments": lambda: [moments_set(data, limit)],
        "hazy": lambda: [hazy_set(data, limit, sources)],
        "clips": lambda: clip_sets(data),
        "clear": lambda: [clear_set(data, limit, sources)],
    }
    sets = [pictures for section in SECTIONS if section in options.sections for pictures in makers[section]()]
    return sets if limit is None else [p if _short(p) else head(p, 3 * limit) for p in sets]


def _short(pictures: PictureSet) -> bool:
    """Whether a set keeps the limit by itself: what is scored there has a past."""
    return pictures.name.startswith(("pairs", "moving"))


def parse(arguments: Sequence[str] | None) -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument("--data", type=Path, default=None, help="folder of frames and clips (default: EID_DATA)")
    parser.add_argument("--only", action="append", choices=SECTIONS, help="a section to measure; may be repeated")
    parser.add_argument("--rows", nargs="+", default=None, help=f"rows to show, of {', '.join(ROWS)}")
    parser.add_argument(
        "--students", nargs="+", type=Path, default=[], help="more exported students (.onnx), a row each"
    )
    parser.add_argument("--teacher", nargs="+", type=Path, default=[], help="teacher checkpoints, a row each")
    parser.add_argument("--limit", type=int, help="about this many frames of each set of stills, thrice of each clip")
    parser.add_argument("--quick", action="store_true", help=f"--limit {QUICK_LIMIT}, rows {' '.join(QUICK_ROWS)}")
    parser.add_argument("--by-source", action="store_true", help="also one table for each camera system")
    parser.add_argument(
        "--sources", nargs="+", default=[], help="all stills of these sources instead of the validation frames"
    )
    parser.add_argument("--no-pyiqa", action="store_true", help="leave out pyiqa's measures (they are slow)")
    parser.add_argument("--sheets", type=Path, default=Path("runs/quality"), help="where PNG sheets go")
    given = parser.parse_args(arguments)
    return Options(
        data=given.data or data_folder(),
        sections=tuple(given.only or SECTIONS),
        rows=tuple(given.rows or (name for name in rows_at_hand() if name in QUICK_ROWS or not given.quick)),
        students=tuple(given.students),
        teachers=tuple(given.teacher),
        limit=given.limit or (QUICK_LIMIT if given.quick else None),
        by_source=given.by_source,
        sources=tuple(given.sources),
        pyiqa=not (given.no_pyiqa or given.quick),
        sheets=given.sheets,
    )


if __name__ == "__main__":
    raise SystemExit(main())
