"""Pictures made by arithmetic that have what natural pictures have: edges, texture, colour, noise."""

import cv2
import numpy as np

from benchmarks.quality.pictures import Rgb


def scene(width: int = 288, height: int = 192, seed: int = 1) -> Rgb:
    """Blobs of tissue-like colour at many scales, with a little sensor noise."""
    rng = np.random.default_rng(seed)
    field = np.zeros((height, width, 3), np.float32)
    for scale in (2, 4, 8, 16, 32):
        cells = rng.random((height // scale + 2, width // scale + 2, 3), dtype=np.float32) - 0.5
        field += cv2.resize(cells, (width, height), interpolation=cv2.INTER_CUBIC) * np.float32(scale**0.5)
    rgb = np.array([0.55, 0.22, 0.18], np.float32) * (1.0 + 0.35 * field)
    return np.asarray(np.clip(255.0 * rgb + rng.normal(0.0, 1.5, rgb.shape), 0, 255), np.uint8)


def veiled(clear: Rgb, transmission: float, airlight: float = 210.0) -> Rgb:
    """The scene behind uniform grey haze."""
    return np.asarray(np.rint(clear * transmission + airlight * (1.0 - transmission)), np.uint8)
