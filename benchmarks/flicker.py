"""Flicker: how much pictures change between two moments where the scene itself did not."""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.pictures import Rgb, luma_of

WIDTH = 426
"""Pixels of the pictures' width at which flow is computed and differences are taken."""
CUT = 0.08
"""Mean warped difference of the input, in luma in [0, 1], above which two frames show different scenes."""
MISMATCH = 1.0
"""Pixels by which the flow there and back may disagree; more is an occlusion."""
CONTRAST_WINDOW = 31

Luma = NDArray[np.float32]


@dataclass(slots=True)
class Motion:
    """What moved between the last two input frames: a map back to the earlier one, and where it can be trusted."""

    back_map: Luma
    """Where each pixel was, float32 (height, width, 2), x before y."""
    trusted: NDArray[np.bool_]


@dataclass(slots=True)
class Changes:
    """Sums over frame pairs of one row: warped difference and contrast, each in luma in [0, 1]."""

    difference: list[float] = field(default_factory=list)
    drift: list[float] = field(default_factory=list)
    contrast: list[float] = field(default_factory=list)


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
    """Add one pair of a row's pictures: difference, its slow part (``drift``), and the later picture's contrast."""
    change = later - warp(earlier, motion.back_map)
    slow = cv2.blur(change * motion.trusted, (CONTRAST_WINDOW,) * 2)
    weight = cv2.blur(motion.trusted.astype(np.float32), (CONTRAST_WINDOW,) * 2)
    changes.difference.append(float(np.abs(change)[motion.trusted].mean()))
    changes.drift.append(float(np.abs(slow / np.maximum(weight, 1e-3))[motion.trusted].mean()))
    changes.contrast.append(float(_local_contrast(later)[motion.trusted].mean()))


def _local_contrast(luma: Luma) -> Luma:
    mean = cv2.blur(luma, (CONTRAST_WINDOW,) * 2)
    square = cv2.blur(luma * luma, (CONTRAST_WINDOW,) * 2)
    return np.sqrt(np.maximum(square - mean * mean, 0.0)).astype(np.float32, copy=False)


def relative(output: Changes, given: Changes) -> dict[str, float]:
    """Ratios of a row's sums to the input's: 1 = as calm as the input; ``per_contrast`` allows for gained contrast."""
    if not given.difference:
        return {}
    change = sum(output.difference) / sum(given.difference)
    drift = sum(output.drift) / sum(given.drift)
    contrast = sum(output.contrast) / sum(given.contrast)
    return {"flicker_ratio": change, "flicker_per_contrast": change / contrast, "drift_per_contrast": drift / contrast}
