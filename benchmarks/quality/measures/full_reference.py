"""Measures of a picture against the truth: PSNR, SSIM and the colour difference CIEDE2000."""

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.pictures import Rgb

PSNR_LIMIT_DB = 80.0
"""What identical pictures count as: finite, so that means stay meaningful."""


def psnr_db(picture: Rgb, truth: Rgb) -> float:
    """Peak signal-to-noise ratio over the three channels, at most ``PSNR_LIMIT_DB``."""
    error = cv2.norm(picture, truth, cv2.NORM_L2SQR) / picture.size
    return PSNR_LIMIT_DB if error == 0.0 else float(min(PSNR_LIMIT_DB, 10.0 * np.log10(255.0**2 / error)))


def ssim(picture: Rgb, truth: Rgb) -> float:
    """Structural similarity, mean of R, G and B (Wang et al. 2004): Gaussian window 11, sigma 1.5, valid area only."""
    x, y = picture.astype(np.float32), truth.astype(np.float32)
    mean_x, mean_y = _window(x), _window(y)
    variance_x = _window(x * x) - mean_x * mean_x
    variance_y = _window(y * y) - mean_y * mean_y
    covariance = _window(x * y) - mean_x * mean_y
    c1, c2 = (0.01 * 255.0) ** 2, (0.03 * 255.0) ** 2
    luminance = (2.0 * mean_x * mean_y + c1) / (mean_x * mean_x + mean_y * mean_y + c1)
    structure = (2.0 * covariance + c2) / (variance_x + variance_y + c2)
    return float(np.mean(luminance * structure))


def _window(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return cv2.GaussianBlur(values, (11, 11), 1.5)[5:-5, 5:-5].astype(np.float32, copy=False)


def ciede2000(picture: Rgb, truth: Rgb) -> float:
    """Mean colour difference of sRGB pictures: CIEDE2000 with unit weights; about 1 is just noticeable."""
    return float(np.mean(colour_difference(_lab(picture), _lab(truth))))


def _lab(rgb: Rgb) -> NDArray[np.float32]:
    return cv2.cvtColor(rgb.astype(np.float32) / np.float32(255.0), cv2.COLOR_RGB2LAB).astype(np.float32, copy=False)


def colour_difference(lab_1: NDArray[np.float32], lab_2: NDArray[np.float32]) -> NDArray[np.float32]:
    """CIEDE2000 of CIELAB arrays of shape (..., 3): Sharma, Wu, Dalal 2005, equations 2 to 22."""
    (l1, a1, b1), (l2, a2, b2) = np.moveaxis(lab_1, -1, 0), np.moveaxis(lab_2, -1, 0)
    mean_c7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2.0) ** 7
    stretch = 1.0 + 0.5 * (1.0 - np.sqrt(mean_c7 / (mean_c7 + 25.0**7)))
    c1, c2 = np.hypot(a1 * stretch, b1), np.hypot(a2 * stretch, b2)
    h1, h2 = np.arctan2(b1, a1 * stretch), np.arctan2(b2, a2 * stretch)
    turn = np.where(c1 * c2 == 0.0, 0.0, (h2 - h1 + np.pi) % (2.0 * np.pi) - np.pi)
    delta_h = 2.0 * np.sqrt(c1 * c2) * np.sin(turn / 2.0)
    mean_l, mean_c = (l1 + l2) / 2.0, (c1 + c2) / 2.0
    mean_h = np.where(c1 * c2 == 0.0, h1 + h2, h1 + turn / 2.0)
    lightness = (l2 - l1) / _lightness_weight(mean_l)
    chroma = (c2 - c1) / (1.0 + 0.045 * mean_c)
    hue = delta_h / (1.0 + 0.015 * mean_c * _hue_tone(mean_h))
    squared = lightness**2 + chroma**2 + hue**2 + _rotation(mean_c, mean_h) * chroma * hue
    return np.asarray(np.sqrt(np.maximum(squared, 0.0)), np.float32)


def _lightness_weight(mean_l: NDArray[np.float32]) -> NDArray[np.float32]:
    squared = (mean_l - 50.0) ** 2
    return np.asarray(1.0 + 0.015 * squared / np.sqrt(20.0 + squared), np.float32)


def _hue_tone(mean_h: NDArray[np.float32]) -> NDArray[np.float32]:
    tone = 1.0 - 0.17 * np.cos(mean_h - np.deg2rad(30.0)) + 0.24 * np.cos(2.0 * mean_h)
    tone += 0.32 * np.cos(3.0 * mean_h + np.deg2rad(6.0)) - 0.20 * np.cos(4.0 * mean_h - np.deg2rad(63.0))
    return np.asarray(tone, np.float32)


def _rotation(mean_c: NDArray[np.float32], mean_h: NDArray[np.float32]) -> NDArray[np.float32]:
    away = (np.rad2deg(mean_h) % 360.0 - 275.0) / 25.0
    c7 = mean_c**7
    turn = np.sin(np.deg2rad(60.0) * np.exp(-(away**2)))
    return np.asarray(-2.0 * np.sqrt(c7 / (c7 + 25.0**7)) * turn, np.float32)
