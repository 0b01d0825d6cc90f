"""Sheets: pictures side by side, because figures do not see."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from benchmarks.quality.pictures import Rgb

CELL_WIDTH = 400
_CAPTION = 22


def write_sheet(path: Path, columns: Sequence[str], lines: Sequence[Sequence[Rgb | None]]) -> None:
    """Write a PNG: one captioned column per row of the table, one line per picture; None leaves a cell empty."""
    if not lines:
        return
    heads = np.concatenate([_caption(name) for name in columns], axis=1)
    body = [np.concatenate(_same_height(line), axis=1) for line in lines]
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), cv2.cvtColor(np.concatenate([heads, *body], axis=0), cv2.COLOR_RGB2BGR))


def _caption(text: str) -> Rgb:
    cell = np.full((_CAPTION, CELL_WIDTH, 3), 255, np.uint8)
    cv2.putText(cell, text, (6, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return cell


def _same_height(line: Sequence[Rgb | None]) -> list[Rgb]:
    shown = next(picture for picture in line if picture is not None)
    size = CELL_WIDTH, max(2, round(shown.shape[0] * CELL_WIDTH / shown.shape[1]))
    empty = np.full((size[1], size[0], 3), 255, np.uint8)
    cells = [empty if p is None else cv2.resize(p, size, interpolation=cv2.INTER_AREA) for p in line]
    return [np.asarray(cell, np.uint8) for cell in cells]
