"""Jumps: how much a correction changes a frame's mean colour from one frame to the next."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.pictures import Rgb

CUT = 12.0
"""Code values of the input's coarse picture that change, on average, only where another scene begins."""


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
        if follows and before is not None and seen is not None and np.abs(coarse - seen).mean() < CUT:
            self.changes.append(float(np.abs(added - before).max()))

    def figures(self) -> dict[str, float]:
        """99th percentile and largest change; nothing where there were no two frames."""
        if not self.changes:
            return {}
        return {"jump_p99": float(np.percentile(self.changes, 99)), "jump_largest": max(self.changes)}


def _coarse(rgb: Rgb) -> NDArray[np.float64]:
    """Means over boxes, about (12, 16, 3)."""
    rows = np.add.reduceat(rgb.astype(np.float64), np.arange(12) * rgb.shape[0] // 12, axis=0)
    boxes = np.add.reduceat(rows, np.arange(16) * rgb.shape[1] // 16, axis=1)
    return np.asarray(boxes * (12 * 16 / (rgb.shape[0] * rgb.shape[1])), np.float64)
