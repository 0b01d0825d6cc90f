"""Quality: tables for people, sheets for eyes, one JSON line for machines: ``python -m benchmarks.quality``."""

import argparse
import os
import time
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.evaluation import Measures, Outcome, evaluate, head
from benchmarks.no_reference import NoReference
from benchmarks.peers import Peer
from benchmarks.pyiqa_measures import PyiqaMeasures
from benchmarks.quality_rows import ROWS, make_rows, rows_at_hand
from benchmarks.quality_sets import PictureSet, clear_set, clip_sets, hazy_set, pair_set, phantom_set, rendered_sets
from benchmarks.report import json_line, table
from benchmarks.sheets import write_sheet
from eid_stream.errors import EidStreamError
from training.frames import data_folder

SECTIONS = ("pair", "rendered", "phantom", "hazy", "clips", "clear")
QUICK_LIMIT = 24
QUICK_ROWS = ("input", "prior", "student")


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
    pyiqa: bool
    sheets: Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write sheets; the exit status is 0 also where there is no data to measure on."""
    options = parse(arguments)
    if not (options.data / "frames.csv").exists():
        print(f"Skipped: no frames.csv in {options.data}. Set EID_DATA or --data to the folder of frames and clips.")
        return 0
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
    peers = make_rows(options.rows, options.students, options.teachers)
    more = PyiqaMeasures.find() if options.pyiqa else None
    measures = Measures(NoReference.load(options.data / "metrics"), more)
    sets: dict[str, object] = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for pictures in choose_sets(options):
            sets[pictures.name] = _run_set(pictures, peers, measures, pool, options)
    return {"benchmark": "quality", "limit": options.limit, "seconds": time.monotonic() - started, "sets": sets}


def _run_set(
    pictures: PictureSet, peers: list[Peer], measures: Measures, pool: Executor, options: Options
) -> dict[str, object]:
    outcome = evaluate(pictures, peers, measures, pool)
    _print_table(f"### {pictures.name}", outcome.table())
    result: dict[str, object] = {"rows": outcome.table()}
    if options.by_source and len(set(next(iter(outcome.tallies.values())).sources)) > 1:
        result["by_source"] = outcome.by_source()
        for source, rows in outcome.by_source().items():
            _print_table(f"#### {pictures.name}: {source}", rows)
    _write(pictures, outcome, peers, options.sheets)
    return result


def _print_table(title: str, rows: dict[str, dict[str, float]]) -> None:
    columns = list(dict.fromkeys(name for figures in rows.values() for name in figures))
    print(table(title, columns, rows, digits=3), flush=True)


def _write(pictures: PictureSet, outcome: Outcome, peers: list[Peer], folder: Path) -> None:
    names = [*(peer.name for peer in peers), "truth"]
    with_truth = any(line[-1] is not None for line in outcome.lines)
    lines = outcome.lines if with_truth else [line[:-1] for line in outcome.lines]
    write_sheet(folder / f"{pictures.name}.png", names if with_truth else names[:-1], lines)


def choose_sets(options: Options) -> list[PictureSet]:
    """The sets of the wanted sections, in the table's order, shortened to the limit."""
    limit, data = options.limit, options.data
    makers = {
        "pair": lambda: [pair_set(data, limit)],
        "rendered": lambda: rendered_sets(data, limit),
        "phantom": lambda: [phantom_set(limit)],
        "hazy": lambda: [hazy_set(data, limit)],
        "clips": lambda: clip_sets(data),
        "clear": lambda: [clear_set(data, limit)],
    }
    sets = [pictures for section in SECTIONS if section in options.sections for pictures in makers[section]()]
    return sets if limit is None else [head(pictures, 3 * limit) for pictures in sets]


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
        pyiqa=not (given.no_pyiqa or given.quick),
        sheets=given.sheets,
    )


if __name__ == "__main__":
    raise SystemExit(main())
