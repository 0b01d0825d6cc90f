"""Jumps: how much a correction changes a frame's mean colour from one frame to the next."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.pictures import Rgb

CUT = 12.0
"""Code values by which the input's coarse picture changes, on average, where another scene begins."""
PARTS = 3, 4
CUT_LIKENESS = 0.7
"""Median correlation of the picture's parts with what they were, below which it does: an instrument that sweeps in
changes some of them."""


@dataclass(slots=True)
class JumpWatch:
    """What a row added to the mean R, G and B of frame after frame."""

    changes: list[float] = field(default_factory=list)
    """The largest change of the three, code values, per pair of frames within a scene."""
    _added: NDArray[np.float64] | None = None
    _coarse: NDArray[np.float64] | None = None

    def see(self, given: Rgb, cleared: Rgb, *, follows: bool) -> None:
        """The next frame of a row; ``given`` is what the camera showed."""
        added = cleared.mean((0, 1), np.float64) - given.mean((0, 1), np.float64)
        coarse = _coarse(given)
        before, seen = self._added, self._coarse
        self._added, self._coarse = added, coarse
        if follows and before is not None and seen is not None and not _is_cut(seen, coarse):
            self.changes.append(float(np.abs(added - before).max()))

    def figures(self) -> dict[str, float]:
        """99th percentile and largest change; nothing where there were no two frames."""
        if not self.changes:
            return {}
        return {"jump_p99": float(np.percentile(self.changes, 99)), "jump_largest": max(self.changes)}


def _is_cut(before: NDArray[np.float64], now: NDArray[np.float64]) -> bool:
    return float(np.abs(now - before).mean()) >= CUT and _likeness(before.mean(2), now.mean(2)) < CUT_LIKENESS


def _likeness(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Median of the parts' correlations; a part without any shape has none."""
    rows, columns = PARTS
    likenesses = []
    for row, other_row in zip(np.array_split(one, rows), np.array_split(other, rows), strict=True):
        for part, now in zip(np.array_split(row, columns, 1), np.array_split(other_row, columns, 1), strict=True):
            shapes = part - part.mean(), now - now.mean()
            lengths = float(np.linalg.norm(shapes[0]) * np.linalg.norm(shapes[1]))
            likenesses.append(float((shapes[0] * shapes[1]).sum()) / lengths if lengths > 0.0 else 0.0)
    return float(np.median(likenesses))


def _coarse(rgb: Rgb) -> NDArray[np.float64]:
    """Means over boxes, about (12, 16, 3)."""
    rows = np.add.reduceat(rgb.astype(np.float64), np.arange(12) * rgb.shape[0] // 12, axis=0)
    boxes = np.add.reduceat(rows, np.arange(16) * rgb.shape[1] // 16, axis=1)
    return np.asarray(boxes * (12 * 16 / (rgb.shape[0] * rgb.shape[1])), np.float64)
