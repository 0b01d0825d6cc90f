"""Fluorescent nuclei and the ground between them: contrast, and whether nuclei are lost."""

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.pictures import Rgb

GROUND_WINDOW = 101
"""Side in pixels of the windows that the ground is found in: larger than a nucleus."""
LEAST_AREA = 60
"""Pixels of the smallest thing that counts as a nucleus, in pictures of about 670x510."""
MARGIN = 9
"""Pixels around nuclei that count neither as nucleus nor as ground."""
_BRIGHTEST = 98.0
"""Percentile above which brightness is cut: a dead cell far out of focus outshines all others."""


def find_nuclei(rgb: Rgb) -> NDArray[np.int32]:
    """Labels (height, width) of the nuclei, 0 is ground: Otsu (1979) on brightness above its surroundings."""
    grey = rgb.mean(axis=2).astype(np.float32)
    smooth = cv2.GaussianBlur(grey, (0, 0), 1.5)
    ground = cv2.blur(cv2.erode(smooth, np.ones((GROUND_WINDOW,) * 2, np.uint8)), (GROUND_WINDOW,) * 2)
    above = np.maximum(smooth - ground, 0.0)
    codes = np.asarray(255.0 * np.minimum(above / max(np.percentile(above, _BRIGHTEST), 1e-6), 1.0), np.uint8)
    _, mask = cv2.threshold(codes, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    count, labels, facts, _ = cv2.connectedComponentsWithStats(mask)
    small = [label for label in range(1, count) if facts[label, cv2.CC_STAT_AREA] < LEAST_AREA]
    return np.where(np.isin(labels, small), 0, labels).astype(np.int32)


def contrast_of(rgb: Rgb, nuclei: NDArray[np.int32]) -> float:
    """Median brightness of nuclei over that of the ground, which counts as one code value at least."""
    grey = rgb.mean(axis=2)
    near = cv2.dilate((nuclei > 0).astype(np.uint8), np.ones((2 * MARGIN + 1,) * 2, np.uint8)) > 0
    return float(np.median(grey[nuclei > 0]) / max(1.0, np.median(grey[~near])))


def kept_share(before: NDArray[np.int32], after: NDArray[np.int32]) -> float:
    """Share of the nuclei of ``before`` of which at least half is nucleus in ``after``, too."""
    labels = [label for label in np.unique(before) if label]
    kept = [float((after[before == label] > 0).mean()) >= 0.5 for label in labels]
    return float(np.mean(kept)) if kept else 1.0
