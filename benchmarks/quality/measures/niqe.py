"""NIQE: how far a picture's natural-scene statistics are from those of pristine photographs; lower is better."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.pictures import Rgb

BLOCK = 96
"""Pixels of a block's side; a 256x256 picture has only four of them."""

Values = NDArray[np.float64]
_SHAPES = np.arange(0.2, 10.001, 0.001)


@dataclass(frozen=True, slots=True, eq=False)
class Niqe:
    """The natural image quality evaluator (Mittal, Soundararajan, Bovik 2013) with the public pristine model."""

    mean: Values
    """Shape (36,)."""
    covariance: Values
    """Shape (36, 36)."""

    @classmethod
    def load(cls, path: Path) -> "Niqe":
        """Read ``niqe_modelparameters.mat``."""
        from scipy.io import loadmat

        content = loadmat(str(path))
        return cls(content["mu_prisparam"].ravel().astype(float), content["cov_prisparam"].astype(float))

    def __call__(self, picture: Rgb, content: NDArray[np.bool_] | None = None) -> float:
        """Score of the blocks that lie wholly in ``content`` (height, width); NaN with fewer than two."""
        features = block_features(picture)
        if content is not None:
            features = features[_inside(content)]
        features = features[np.isfinite(features).all(axis=1)]
        if len(features) < 2:
            return float("nan")
        away = self.mean - features.mean(axis=0)
        pooled = (self.covariance + np.cov(features, rowvar=False)) / 2.0
        return float(np.sqrt(away @ np.linalg.pinv(pooled) @ away))


def block_features(picture: Rgb) -> Values:
    """36 features of each whole block, row by row: shape (blocks, 36), 18 at full and 18 at half size."""
    rows, columns = picture.shape[0] // BLOCK, picture.shape[1] // BLOCK
    luma = np.rint(picture[: rows * BLOCK, : columns * BLOCK] @ np.array([0.299, 0.587, 0.114]))
    full = _features(_blocks(normalised(luma), BLOCK))
    half = _features(_blocks(normalised(_halved(luma)), BLOCK // 2))
    return np.concatenate([full, half], axis=1)


def normalised(luma: Values) -> Values:
    """Mean-subtracted, contrast-normalised coefficients: window 7x7, sigma 7/6, luma in [0, 255]."""
    mean = cv2.GaussianBlur(luma, (7, 7), 7.0 / 6.0, borderType=cv2.BORDER_REPLICATE)
    square = cv2.GaussianBlur(luma * luma, (7, 7), 7.0 / 6.0, borderType=cv2.BORDER_REPLICATE)
    return (luma - mean) / (np.sqrt(np.abs(square - mean * mean)) + 1.0)


def _halved(luma: Values) -> Values:
    """Half size by the antialiased cubic of the reference implementation: eight fixed taps, mirrored borders."""
    distance = np.array([1.75, 1.25, 0.75, 0.25])
    near = 1.5 * distance**3 - 2.5 * distance**2 + 1.0
    far = -0.5 * distance**3 + 2.5 * distance**2 - 4.0 * distance + 2.0
    taps = np.where(distance <= 1.0, near, far)
    taps = np.concatenate([taps, taps[::-1]]) / (2.0 * taps.sum())
    filtered = cv2.sepFilter2D(luma, -1, taps, taps, anchor=(3, 3), borderType=cv2.BORDER_REFLECT)
    return np.asarray(filtered[::2, ::2], np.float64)


def _blocks(values: Values, size: int) -> Values:
    rows, columns = values.shape[0] // size, values.shape[1] // size
    return values.reshape(rows, size, columns, size).swapaxes(1, 2).reshape(-1, size, size)


def _inside(content: NDArray[np.bool_]) -> NDArray[np.bool_]:
    rows, columns = content.shape[0] // BLOCK, content.shape[1] // BLOCK
    whole = content[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK, columns, BLOCK)
    return np.asarray(whole.mean(axis=(1, 3)).ravel() > 0.99)


def _features(blocks: Values) -> Values:
    """Shape and spread of the coefficients and of their products with four neighbours: shape (blocks, 18)."""
    shape, left, right = fit_asymmetric(blocks)
    columns = [shape, (left + right) / 2.0 * _unit_scale(shape)]
    for shift in ((0, 1), (1, 0), (1, 1), (1, -1)):
        shape, left, right = fit_asymmetric(blocks * np.roll(blocks, shift, axis=(1, 2)))
        scale = _unit_scale(shape)
        columns += [shape, mean_of_fit(shape, left, right), left * scale, right * scale]
    return np.stack(columns, axis=1)


def fit_asymmetric(blocks: Values) -> tuple[Values, Values, Values]:
    """Fit an asymmetric generalised Gaussian to each block: its shape, left and right standard deviation."""
    flat = blocks.reshape(len(blocks), -1)
    squared = flat * flat
    with np.errstate(invalid="ignore", divide="ignore"):
        left = np.sqrt(np.sum(squared * (flat < 0), axis=1) / np.sum(flat < 0, axis=1))
        right = np.sqrt(np.sum(squared * (flat > 0), axis=1) / np.sum(flat > 0, axis=1))
        ratio = left / right
        ratio_hat = np.abs(flat).mean(axis=1) ** 2 / squared.mean(axis=1)
        normed = ratio_hat * (ratio**3 + 1.0) * (ratio + 1.0) / (ratio**2 + 1.0) ** 2
    return _shape_for(normed), left, right


def mean_of_fit(shape: Values, left: Values, right: Values) -> Values:
    """Mean of the fitted distribution (Mittal et al. 2013, eq. 8)."""
    return (right - left) * _unit_scale(shape) * _gamma(2.0 / shape) / _gamma(1.0 / shape)


def _unit_scale(shape: Values) -> Values:
    """Scale parameter of a distribution with standard deviation one."""
    return np.sqrt(_gamma(1.0 / shape) / _gamma(3.0 / shape))


def _shape_for(normed: Values) -> Values:
    """Nearest tabulated shape whose ratio of moments is ``normed``; the table rises with the shape."""
    table = _gamma(2.0 / _SHAPES) ** 2 / (_gamma(1.0 / _SHAPES) * _gamma(3.0 / _SHAPES))
    finite = np.nan_to_num(normed, nan=0.0)
    above = np.clip(np.searchsorted(table, finite), 1, len(table) - 1)
    nearer_below = finite - table[above - 1] <= table[above] - finite
    return np.where(np.isfinite(normed), _SHAPES[above - nearer_below], np.nan)


def _gamma(values: Values) -> Values:
    from scipy.special import gamma

    return np.asarray(gamma(values), np.float64)
