"""Natural haze and microscopy on scenes never learned from: ``python -m benchmarks.quality.sciences natural``.

    python -m benchmarks.quality.sciences natural --teacher runs/natural/teacher.safetensors
    python -m benchmarks.quality.sciences microscopy --weights runs/cells/weights

Prints a table for people and one JSON line for machines; ``--sheet FILE`` writes pictures of some of them, and
``--drawn-sheet FILE`` pictures drawn by arithmetic, which may be shown.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.measures.full_reference import psnr_db, ssim
from benchmarks.quality.measures.nuclei import contrast_of, find_nuclei, kept_share
from benchmarks.quality.methods import subtract_dark_channel
from benchmarks.quality.sets.drawn_sciences import drawn_pair
from benchmarks.quality.sets.generated_glow import glowing
from eid_stream.backends import open_engine
from eid_stream.dehazing.map_estimator import MapEstimator
from eid_stream.stills.picture_dehazer import PictureDehazer
from training.command import run_command
from training.data.domains import read_domain
from training.data.frames import load_rgb
from training.eid.teacher import load_teacher

Rgb = NDArray[np.uint8]
Row = Callable[[Rgb], Rgb]
Figures = dict[str, float]
ROLLING_BALL = 75
"""Diameter in pixels of what counts as ground: larger than two nuclei."""
DRAWN_SEEDS = (3, 8)


def natural(rows: dict[str, Row]) -> dict[str, Figures]:
    """PSNR in dB and SSIM of each row on RESIDE's test scenes."""
    pairs = [
        (_read(p.path), _read(p.truth))
        for p in read_domain("reside_sots_indoor")
        if p.split == "test" and p.truth is not None
    ]
    return {name: _against_truth(row, pairs) for name, row in rows.items()}


def microscopy(rows: dict[str, Row]) -> dict[str, Figures]:
    """Contrast of nuclei to ground and nuclei kept on hazy test pictures, PSNR on glow rendered over clear ones."""
    pictures = [p for p in read_domain("cell97") if p.split == "test"]
    hazy = [_read(p.path) for p in pictures if p.kind == "hazy"]
    clear = [_read(p.path) for p in pictures if p.kind == "clear"]
    pairs = [(glowing(picture, np.random.default_rng(number)), picture) for number, picture in enumerate(clear)]
    return {name: _on_nuclei(row, hazy) | _against_truth(row, pairs) for name, row in rows.items()}


def rows_of(science: str, companion: Path | None, teacher: Path | None, weights: str | None) -> dict[str, Row]:
    """Everything that is compared."""
    rows: dict[str, Row] = {"input": lambda rgb: rgb}
    if science == "natural":
        rows["dark channel prior"] = subtract_dark_channel
    else:
        rows["rolling ball"] = subtract_ground
    for name, path in (("companion", companion), ("teacher", teacher)):
        if path is not None:
            rows[name] = _by_network(load_teacher(path))
    if weights is not None:
        rows["student"] = _by_student(weights)
    return rows


def subtract_ground(rgb: Rgb) -> Rgb:
    """What biologists do by hand: the ground found by a disc that rolls below the picture is taken away."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (ROLLING_BALL, ROLLING_BALL))
    ground = cv2.GaussianBlur(cv2.morphologyEx(rgb, cv2.MORPH_OPEN, disc), (0, 0), ROLLING_BALL / 6)
    return np.asarray(cv2.subtract(rgb, ground), np.uint8)


def main(
    science: Literal["natural", "microscopy"],
    *,
    companion: Path | None = None,
    teacher: Path | None = None,
    weights: str | None = None,
    sheet: Path | None = None,
    drawn_sheet: Path | None = None,
) -> None:
    """Judge what was trained for another science.

    Args:
        science: natural (RESIDE, pairs) or microscopy (Cell97).
        companion: haze.safetensors, whose companion is a row.
        teacher: teacher.safetensors.
        weights: Folder of an exported student, as --weights of the command takes it.
        sheet: Picture to write with some of the test pictures through every row.
        drawn_sheet: The same with drawn pictures and nothing else: no data is needed, and no figures are printed.
    """
    rows = rows_of(science, companion, teacher, weights)
    if drawn_sheet is not None:
        pairs = [drawn_pair(science, seed) for seed in DRAWN_SEEDS]
        _write_sheet(drawn_sheet, rows, pairs)
        return
    table = natural(rows) if science == "natural" else microscopy(rows)
    for name, figures in table.items():
        print(f"{name:20}" + "".join(f"{measure} {value:6.3f}  " for measure, value in figures.items()))
    print(json.dumps({"benchmark": f"sciences {science}", "rows": table}))
    if sheet is not None:
        _write_sheet(sheet, rows, _some(science))


def _against_truth(row: Row, pairs: Sequence[tuple[Rgb, Rgb]]) -> Figures:
    outs = [(row(hazy), truth) for hazy, truth in pairs]
    return {
        "psnr_db": round(float(np.mean([psnr_db(*pair) for pair in outs])), 2),
        "ssim": round(float(np.mean([ssim(*pair) for pair in outs])), 3),
    }


def _on_nuclei(row: Row, hazy: Sequence[Rgb]) -> Figures:
    gains, kept = [], []
    for picture in hazy:
        out = row(picture)
        nuclei = find_nuclei(picture)
        gains.append(contrast_of(out, nuclei) / contrast_of(picture, nuclei))
        kept.append(kept_share(nuclei, find_nuclei(out)))
    return {
        "contrast_gain": round(float(np.median(gains)), 2),
        "least_gain": round(float(np.min(gains)), 2),
        "nuclei_kept": round(float(np.mean(kept)), 3),
    }


def _by_network(clear: Callable[[NDArray[np.float32]], NDArray[np.float32]]) -> Row:
    def row(rgb: Rgb) -> Rgb:
        out = clear(rgb.astype(np.float32) / np.float32(255.0))
        return np.asarray(np.rint(out * 255.0).clip(0, 255), np.uint8)

    return row


def _by_student(weights: str) -> Row:
    engine = open_engine("onnx", weights)
    estimator = MapEstimator(engine)

    def row(rgb: Rgb) -> Rgb:
        estimator.reset()
        dehazer = PictureDehazer(lambda thumbnail: estimator.estimate(thumbnail, 0.0), engine.card)
        cleared = dehazer.clear(np.ascontiguousarray(rgb[..., ::-1])).samples
        return np.ascontiguousarray(cleared[..., ::-1]).astype(np.uint8)

    return row


def _read(path: Path) -> Rgb:
    return np.asarray(np.rint(load_rgb(path) * 255.0), np.uint8)


def _some(science: str) -> list[tuple[Rgb, Rgb | None]]:
    """Some of the hazy test pictures, with their truth where there is one."""
    name = "reside_sots_indoor" if science == "natural" else "cell97"
    hazy = [p for p in read_domain(name) if p.split == "test" and p.kind == "hazy"]
    chosen = hazy[:: max(1, len(hazy) // 4)][:4]
    return [(_read(p.path), _read(p.truth) if p.truth is not None else None) for p in chosen]


def _write_sheet(path: Path, rows: dict[str, Row], pairs: Sequence[tuple[Rgb, Rgb | None]]) -> None:
    """A line for each picture: through every row, and its truth."""
    lines = []
    for hazy, truth in pairs:
        shown = [row(hazy) for row in rows.values()] + ([] if truth is None else [truth])
        lines.append(
            np.concatenate([cv2.resize(rgb, (320, 240), interpolation=cv2.INTER_AREA) for rgb in shown], axis=1)
        )
    cv2.imwrite(str(path), np.concatenate(lines)[..., ::-1])


if __name__ == "__main__":
    run_command(main)
