"""One-sided changes: a mean teacher sees a real hazy view as it is, the student sees it changed.

As in CORUN's Colabator (Fang et al. 2024): brightness, contrast, blur, fewer levels and noise. No colour: of that the
haze is told.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.views import View

Array = NDArray[np.float32]
BRIGHTER, STEEPER = (-0.15, 0.15), (0.7, 1.25)
LEVELS = (16, 64)
MOST_NOISE = 0.03


def change(view: View, rng: np.random.Generator) -> Array:
    """RGB (3, h, w) of a view, changed strongly; black stays black."""
    rgb = (view.rgb - np.float32(0.5)) * np.float32(rng.uniform(*STEEPER)) + np.float32(0.5 + rng.uniform(*BRIGHTER))
    if rng.random() < 0.4:
        spread = float(rng.uniform(0.5, 2.5))
        rgb = np.stack([np.asarray(cv2.GaussianBlur(plane, (0, 0), spread), np.float32) for plane in rgb])
    if rng.random() < 0.3:
        levels = np.float32(rng.integers(*LEVELS))
        rgb = np.rint(rgb * levels) / levels
    if rng.random() < 0.4:
        rgb = rgb + rng.standard_normal(rgb.shape, np.float32) * np.float32(MOST_NOISE * rng.random())
    return np.where(view.content > 0, np.clip(rgb, 0.0, 1.0), view.rgb).astype(np.float32)
