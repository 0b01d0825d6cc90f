"""Light from out of focus, rendered over pictures of nuclei that are in focus: pairs with a truth.

Made by other means than what the operator of ``training.eid`` starts from: Gaussian light spread of the picture and of
nuclei that lie elsewhere, an even ground with a tilt, and noise.
"""

import cv2
import numpy as np

from benchmarks.quality.pictures import Rgb

GROUND = (12.0, 30.0)
"""Code values of 255."""
TILT = 0.3
SPREADS = (18.0, 60.0)
"""Standard deviations in pixels of light from out of focus."""
NOISE = 0.8


def glowing(rgb: Rgb, rng: np.random.Generator) -> Rgb:
    """The picture with light added; grey stays grey."""
    grey = rgb.mean(axis=2).astype(np.float32)
    height, width = grey.shape
    elsewhere = np.roll(grey[::-1], (int(rng.integers(height)), int(rng.integers(width))), (0, 1))
    near, far = (cv2.GaussianBlur(light, (0, 0), rng.uniform(*SPREADS)) for light in (grey, elsewhere))
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    tilt = 1.0 + TILT * (rng.uniform(-1, 1) * x + rng.uniform(-1, 1) * y)
    added = rng.uniform(*GROUND) * tilt + rng.uniform(0.2, 0.7) * near + rng.uniform(0.0, 0.5) * far
    noise = rng.normal(0.0, NOISE, grey.shape)
    return np.asarray(np.clip(rgb + (added + noise)[..., None] + 0.5, 0, 255), np.uint8)
