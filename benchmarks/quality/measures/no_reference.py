"""Measures of a picture without a truth: naturalness, visible haze, clipped pixels. None of them means much alone."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.measures.brisque import Brisque
from benchmarks.quality.measures.fade import Fade
from benchmarks.quality.measures.niqe import Niqe
from benchmarks.quality.measures.piqe import piqe
from benchmarks.quality.pictures import Rgb

SATURATED = 254
"""Code value from which a channel counts as clipped."""
BLACK_LUMA = 4.0
"""Luma of 255 up to which a pixel of the scene counts as lost in black."""


@dataclass(frozen=True, slots=True, eq=False)
class NoReference:
    """All no-reference measures whose parameters are at hand; the others are left out of the table."""

    niqe: Niqe
    fade: Fade
    brisque: Brisque | None

    @classmethod
    def load(cls, folder: Path) -> "NoReference":
        """Read the parameters in the data folder's ``metrics``; BRISQUE's come with the package of that name."""
        return cls(Niqe.load(folder / "niqe_modelparameters.mat"), Fade.load(folder), Brisque.find())

    def __call__(self, picture: Rgb, content: NDArray[np.bool_]) -> dict[str, float]:
        """Measures of the scene, ``content`` (height, width), by name."""
        values = {
            "fade": self.fade(picture, content),
            "niqe": self.niqe(picture, content),
            "piqe": piqe(picture, content),
        }
        if self.brisque is not None:
            values["brisque"] = self.brisque(picture)
        return values | clipped(picture, content)


def clipped(picture: Rgb, content: NDArray[np.bool_]) -> dict[str, float]:
    """Share of the scene with a channel at white, and share at black, in per cent."""
    scene = picture[content]
    if not scene.size:
        return {"saturated_percent": float("nan"), "black_percent": float("nan")}
    dark = scene.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32) <= BLACK_LUMA
    return {
        "saturated_percent": 100.0 * float((scene >= SATURATED).any(axis=1).mean()),
        "black_percent": 100.0 * float(dark.mean()),
    }
