"""Flicker: how much pictures change between two moments where the scene itself did not."""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.pictures import Rgb, luma_of

WIDTH = 426
"""Pixels of the pictures' width at which flow is computed and differences are taken."""
CUT = 0.08
"""Mean warped difference of the input, in luma in [0, 1], above which two frames show different scenes."""
MISMATCH = 1.0
"""Pixels by which the flow there and back may disagree; more is an occlusion."""
CONTRAST_WINDOW = 31
"""Pixels of the side of the window in which differences are averaged and contrast is a standard deviation."""
SMALLEST_CONTRAST = 0.005
"""Added to the contrast, luma in [0, 1], so that flat places do not rule the mean."""

Luma = NDArray[np.float32]


@dataclass(slots=True)
class Motion:
    """What moved between the last two input frames: a map back to the earlier one, and where it can be trusted."""

    back_map: Luma
    """Where each pixel was, float32 (height, width, 2), x before y."""
    trusted: NDArray[np.bool_]


@dataclass(slots=True)
class Changes:
    """What changed between pairs of one row's pictures, each the mean over the trusted pixels of a pair."""

    difference: list[float] = field(default_factory=list)
    """Warped difference, luma in [0, 1]."""
    per_contrast: list[float] = field(default_factory=list)
    """Local mean of the warped difference over the local contrast."""
    drift: list[float] = field(default_factory=list)
    """Local mean of the signed difference over the local contrast: what a viewer sees as pumping."""


class MotionOf:
    """Optical flow along the input (DIS, Kroeger et al. 2016), checked there and back."""

    def __init__(self) -> None:
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)

    def between(self, earlier: Luma, later: Luma, content: NDArray[np.bool_]) -> Motion | None:
        """Motion from ``later`` back to ``earlier``; None across a scene cut or where nothing can be trusted."""
        first, second = (np.rint(luma * 255.0).astype(np.uint8) for luma in (earlier, later))
        back = self._flow.calc(second, first, np.zeros((*later.shape, 2), np.float32))
        forth = self._flow.calc(first, second, np.zeros((*later.shape, 2), np.float32))
        grid = np.stack(np.meshgrid(*(np.arange(n, dtype=np.float32) for n in later.shape[::-1])), axis=-1)
        back_map = (grid + back).astype(np.float32)
        mismatch = np.linalg.norm(back + warp(np.asarray(forth, np.float32), back_map), axis=-1)
        inside = (back_map >= 0).all(axis=-1) & (back_map <= np.array(later.shape[::-1]) - 1).all(axis=-1)
        trusted = inside & content & (mismatch < MISMATCH)
        if trusted.mean() < 0.05 or np.abs(later - warp(earlier, back_map))[trusted].mean() > CUT:
            return None
        return Motion(back_map, trusted)


def warp(values: Luma, back_map: Luma) -> Luma:
    """Move an earlier picture to where its content is now."""
    moved = cv2.remap(values, back_map[..., 0], back_map[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.float32)


def small_luma(rgb: Rgb) -> Luma:
    """Luma at the measuring width."""
    height = max(2, round(rgb.shape[0] * WIDTH / rgb.shape[1]))
    if rgb.shape[1] <= WIDTH:
        return luma_of(rgb)
    return luma_of(cv2.resize(rgb, (WIDTH, height), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False))


def record(changes: Changes, earlier: Luma, later: Luma, motion: Motion) -> None:
    """Add one pair of a row's pictures.

    Difference and contrast are both local, so that a correction which is calm in time leaves the ratio as it was,
    however much it raises the contrast of each place; only its changes from one moment to the next count.
    """
    change = later - warp(earlier, motion.back_map)
    trusted = motion.trusted
    weight = np.maximum(_local(trusted.astype(np.float32)), 1e-3)
    contrast = _local_contrast(later) + SMALLEST_CONTRAST
    changes.difference.append(float(np.abs(change)[trusted].mean()))
    changes.per_contrast.append(float((_local(np.abs(change) * trusted) / weight / contrast)[trusted].mean()))
    changes.drift.append(float((np.abs(_local(change * trusted)) / weight / contrast)[trusted].mean()))


def _local(values: Luma) -> Luma:
    return np.asarray(cv2.blur(values, (CONTRAST_WINDOW, CONTRAST_WINDOW)), np.float32)


def _local_contrast(luma: Luma) -> Luma:
    mean = _local(luma)
    return np.asarray(np.sqrt(np.maximum(_local(luma * luma) - mean * mean, 0.0)), np.float32)


def relative(output: Changes, given: Changes) -> dict[str, float]:
    """A row's changes over the input's: 1 = as calm as the input. Nothing where nothing changed."""
    if not any(given.difference):
        return {}
    return {
        "flicker_ratio": sum(output.difference) / sum(given.difference),
        "flicker_per_contrast": sum(output.per_contrast) / sum(given.per_contrast),
        "drift_per_contrast": sum(output.drift) / sum(given.drift),
    }
