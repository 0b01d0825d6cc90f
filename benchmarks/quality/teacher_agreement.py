"""Where the student and its teacher differ on real hazy frames: ``python -m benchmarks.quality.teacher_agreement``.

Prints how near their pictures are at the thumbnail's scale, a line for each source, and writes a sheet of the frames on
which they differ most: who looks right there is for eyes to say.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from benchmarks.quality.contact_sheet import write_sheet
from benchmarks.quality.measures.full_reference import psnr_db
from benchmarks.quality.method_choice import make_rows
from benchmarks.quality.methods import Method
from benchmarks.quality.pictures import Rgb
from benchmarks.quality.sets.picture_sets import Shot, hazy_set
from eid_stream.core.errors import EidStreamError
from eid_stream.core.thumbnail import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH, fit
from training.data.frames import data_folder

TEACHER = Path("training/checkpoints/teacher_cpu/teacher.safetensors")
SHOWN = 8


class Comparison(NamedTuple):
    """One frame: PSNR in dB between two pictures of it, and the pictures themselves (input, student, teacher)."""

    agreement_db: float
    student_change_db: float
    teacher_change_db: float
    source: str
    pictures: list[Rgb]


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, print and write the sheet."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality.teacher_agreement", description=__doc__)
    parser.add_argument("--teacher", type=Path, default=TEACHER, help="teacher checkpoint")
    parser.add_argument("--limit", type=int, help="at most this many frames")
    parser.add_argument("--sheet", type=Path, default=Path("runs/quality/teacher_agreement.png"))
    given = parser.parse_args(arguments)
    try:
        rows = make_rows(("student",), (), (given.teacher,))
        compared = [_compare(shot, rows) for shot in hazy_set(data_folder(), given.limit).shots()]
    except EidStreamError as error:
        print(f"error: {error}")
        return error.exit_code
    _print_sources(compared)
    worst = sorted(compared, key=lambda one: one.agreement_db)[:SHOWN]
    write_sheet(given.sheet, [row.name for row in rows], [one.pictures for one in worst])
    print(f"Where they differ most: {given.sheet}")
    return 0


def _compare(shot: Shot, rows: Sequence[Method]) -> Comparison:
    for row in rows:
        row.reset()
    before, student, teacher = (_at_thumbnail_scale(row(shot.picture)) for row in rows)
    changes = psnr_db(student, before), psnr_db(teacher, before)
    return Comparison(psnr_db(student, teacher), *changes, shot.source, [before, student, teacher])


def _at_thumbnail_scale(rgb: Rgb) -> Rgb:
    area = fit(rgb.shape[1], rgb.shape[0], THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT)
    return np.asarray(cv2.resize(rgb, (area.width, area.height), interpolation=cv2.INTER_AREA), np.uint8)


def _print_sources(compared: Sequence[Comparison]) -> None:
    print("| source | frames | student and teacher, dB | student and input, dB | teacher and input, dB |")
    print("|---|---:|---:|---:|---:|")
    for source in (*sorted({one.source for one in compared}), "all"):
        own = [one[:3] for one in compared if source in (one.source, "all")]
        print(f"| {source} | {len(own)} | " + " | ".join(f"{value:.1f}" for value in np.median(own, axis=0)) + " |")


if __name__ == "__main__":
    raise SystemExit(main())
