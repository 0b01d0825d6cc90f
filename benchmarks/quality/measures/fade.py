"""FADE: perceived fog density of a picture, learned from fog-free and foggy photographs; lower is clearer.

Written from Choi, You, Bovik, "Referenceless prediction of perceptual fog density and perceptual image defogging",
IEEE Transactions on Image Processing 24(11), 2015. Twelve fog-aware statistics of each 8x8 patch are compared with
two Gaussian models; the density is the ratio of the mean Mahalanobis-like distances to the fog-free and the foggy one.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.pictures import Rgb

PATCH = 8
Values = NDArray[np.float64]

_RECEPTIVE_SIGMA = 3.25
"""Pixels: the width of the second-derivative filters of the contrast energy (section III-A.5)."""
_SEMISATURATION = 0.1
_NOISE = {"gray": 0.2353, "yellow_blue": 0.2287, "red_green": 0.0528}
"""Contrast that counts as noise, in code values, for each opponent channel."""


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """The Gaussian model of one corpus: mean (12,), and its inverse covariance (12, 12)."""

    mean: Values
    precision: Values

    @classmethod
    def load(cls, path: Path, name: str) -> "Corpus":
        """Read the parameters called ``mu_<name>param`` and ``cov_<name>param``."""
        from scipy.io import loadmat

        content = loadmat(str(path))
        return cls(content[f"mu_{name}param"].ravel().astype(float), np.linalg.inv(content[f"cov_{name}param"]))

    def distances(self, features: Values) -> Values:
        """Distance of each patch (n, 12) under the mean of the corpus's covariance and the patch's own variance.

        The patch's own part is its features' scalar variance v in every entry, v 11', so the inverse of
        (C + v 11') / 2 follows from the corpus's by the Sherman-Morrison formula.
        """
        away = self.mean - features
        variance = features.var(axis=1, ddof=1)
        across = away @ self.precision
        total = self.precision.sum()
        squared = (across * away).sum(axis=1) - variance * across.sum(axis=1) ** 2 / (1.0 + variance * total)
        return np.asarray(np.sqrt(np.maximum(2.0 * squared, 0.0)), np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Fade:
    """The fog-aware density evaluator."""

    fog_free: Corpus
    foggy: Corpus

    @classmethod
    def load(cls, folder: Path) -> "Fade":
        """Read the two published parameter files."""
        free = folder / "fade_natural_fogfree_image_features_ps8.mat"
        foggy = folder / "fade_natural_foggy_image_features_ps8.mat"
        return cls(Corpus.load(free, "fogfree"), Corpus.load(foggy, "foggy"))

    def __call__(self, picture: Rgb, content: NDArray[np.bool_] | None = None) -> float:
        """Density of the patches that lie wholly in ``content`` (height, width), a filter's reach from its edge."""
        inside = np.ones(picture.shape[:2], bool) if content is None else _inner(content)
        if not inside.any():
            return float("nan")
        features = patch_features(picture, inside)[_patches(inside.astype(np.float64)).min(axis=1) > 0]
        features = features[np.isfinite(features).all(axis=1)]
        if not len(features):
            return float("nan")
        return float(self.fog_free.distances(features).mean() / self.foggy.distances(features).mean())


def patch_features(picture: Rgb, inside: NDArray[np.bool_]) -> Values:
    """The twelve statistics (table I) of each whole patch, as log(1 + f): shape (patches, 12).

    ``inside`` (height, width) tells where the largest contrast is looked for; a black border's edge is none.
    """
    height, width = picture.shape[0] // PATCH * PATCH, picture.shape[1] // PATCH * PATCH
    red, green, blue = np.moveaxis(picture[:height, :width].astype(np.float64), -1, 0)
    gray = np.rint(0.2989 * red + 0.5870 * green + 0.1140 * blue)
    yellow_blue, red_green = 0.5 * (red + green) - blue, red - green
    low, high = np.minimum(np.minimum(red, green), blue), np.maximum(np.maximum(red, green), blue)
    contrast = [
        _contrast_energy(channel, noise, inside[:height, :width])
        for channel, noise in zip((gray, yellow_blue, red_green), _NOISE.values(), strict=True)
    ]
    features = [
        *_local_statistics(gray),
        *(_patches(energy).mean(axis=1) for energy in contrast),
        _entropy(_patches(gray)),
        _patches(low / 255.0).mean(axis=1),
        _patches(1.0 - low / np.maximum(high, 1.0)).mean(axis=1),
        _colourfulness(_patches(red_green), _patches(yellow_blue)),
    ]
    return np.asarray(np.log1p(np.stack(features, axis=1)), np.float64)


def _patches(values: Values) -> Values:
    rows, columns = values.shape[0] // PATCH, values.shape[1] // PATCH
    cut = values[: rows * PATCH, : columns * PATCH].reshape(rows, PATCH, columns, PATCH)
    return np.asarray(cut.swapaxes(1, 2).reshape(rows * columns, PATCH * PATCH))


def _local_statistics(gray: Values) -> tuple[Values, Values, Values, Values, Values]:
    """Variance of normalised coefficients and of their vertical products by sign; sharpness; variation."""
    mean = cv2.GaussianBlur(gray, (7, 7), 7.0 / 6.0, borderType=cv2.BORDER_REPLICATE)
    square = cv2.GaussianBlur(gray * gray, (7, 7), 7.0 / 6.0, borderType=cv2.BORDER_REPLICATE)
    spread = np.sqrt(np.abs(square - mean * mean))
    coefficients = (gray - mean) / (spread + 1.0)
    products = _patches(coefficients * np.roll(coefficients, 1, axis=0))
    return (
        _patches(coefficients).var(axis=1, ddof=1),
        _variance_where(products, products >= 0),
        _variance_where(products, products <= 0),
        _patches(spread).mean(axis=1),
        _patches(spread / np.maximum(mean, 1e-9)).mean(axis=1),
    )


def _variance_where(values: Values, chosen: NDArray[np.bool_]) -> Values:
    """Unbiased variance of the chosen values of each row; NaN where fewer than two are chosen."""
    count = chosen.sum(axis=1).astype(np.float64)
    kept = np.where(chosen, values, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = kept.sum(axis=1) / count
        squared = ((kept - mean[:, None]) ** 2 * chosen).sum(axis=1)
        return np.where(count > 1, squared / (count - 1.0), np.nan)


def _inner(content: NDArray[np.bool_]) -> NDArray[np.bool_]:
    reach = 2 * int(3.0 * _RECEPTIVE_SIGMA + 1.0) + 1
    return cv2.erode(content.astype(np.uint8), np.ones((reach, reach), np.uint8)).astype(bool)


def _contrast_energy(channel: Values, noise: float, inside: NDArray[np.bool_]) -> Values:
    """Response of second-derivative filters along x and y, divisively normalised, above the noise."""
    taps = _second_derivative()
    anchor = len(taps) // 2 - 1
    across = cv2.filter2D(channel, -1, taps[None, ::-1], anchor=(anchor, 0), borderType=cv2.BORDER_REFLECT)
    down = cv2.filter2D(channel, -1, taps[::-1, None], anchor=(0, anchor), borderType=cv2.BORDER_REFLECT)
    response = np.hypot(across, down)
    largest = response[inside].max(initial=0.0)
    if largest == 0.0:
        return np.zeros_like(channel)
    normalised = response * largest / (response + largest * _SEMISATURATION)
    return np.asarray(np.maximum(normalised - noise, 0.0), np.float64)


def _second_derivative() -> Values:
    sigma = _RECEPTIVE_SIGMA
    x = np.arange(-3.0 * sigma, 3.0 * sigma)
    gauss = np.exp(-(x**2) / (2.0 * sigma**2))
    taps = (x**2 / sigma**4 - 1.0 / sigma**2) * gauss / gauss.sum()
    taps -= taps.mean()
    return np.asarray(taps / np.sum(0.5 * x**2 * taps), np.float64)


def _entropy(patches: Values) -> Values:
    """Bits per pixel of each patch's histogram of 256 grey values."""
    count = len(patches)
    codes = patches.astype(np.int64) + 256 * np.arange(count)[:, None]
    share = np.bincount(codes.ravel(), minlength=256 * count).reshape(count, 256) / patches.shape[1]
    return np.asarray(-np.sum(share * np.log2(np.maximum(share, 1e-12)), axis=1), np.float64)


def _colourfulness(red_green: Values, yellow_blue: Values) -> Values:
    spread = np.hypot(red_green.std(axis=1, ddof=1), yellow_blue.std(axis=1, ddof=1))
    return np.asarray(spread + 0.3 * np.hypot(red_green.mean(axis=1), yellow_blue.mean(axis=1)), np.float64)
