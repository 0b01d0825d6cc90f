from itertools import pairwise

import cv2
import numpy as np
import pytest

from benchmarks.quality.measures.flicker import Changes, Luma, MotionOf, record, relative, small_luma, warp
from tests.benchmarks.quality.made_up_pictures import scene


def pan(count: int = 8) -> list[Luma]:
    """A camera that moves over a scene by two pixels a frame."""
    wide = small_luma(scene(400, 200))
    return [np.ascontiguousarray(wide[20:180, 20 + 2 * n : 300 + 2 * n]) for n in range(count)]


def changes_of(frames: list[Luma], shown: list[Luma]) -> Changes:
    changes, motion_of = Changes(), MotionOf()
    for n in range(1, len(frames)):
        motion = motion_of.between(frames[n - 1], frames[n], np.ones(frames[n].shape, bool))
        assert motion is not None
        record(changes, shown[n - 1], shown[n], motion)
    return changes


def test_motion_of_the_camera_is_followed() -> None:
    earlier, later = pan(2)
    motion = MotionOf().between(earlier, later, np.ones(later.shape, bool))
    assert motion is not None
    columns = np.arange(later.shape[1], dtype=np.float32)
    assert float(np.median(motion.back_map[..., 0] - columns)) == pytest.approx(2.0, abs=0.1)
    still = np.abs(later - earlier)[motion.trusted].mean()
    assert np.abs(later - warp(earlier, motion.back_map))[motion.trusted].mean() < 0.3 * still


def test_a_calm_correction_counts_as_calm_however_much_contrast_it_gains() -> None:
    frames = pan()
    ratios = relative(changes_of(frames, [0.2 + 2.0 * (frame - 0.3) for frame in frames]), changes_of(frames, frames))
    assert ratios["flicker_ratio"] == pytest.approx(2.0, rel=0.01)
    assert ratios["flicker_per_contrast"] == pytest.approx(1.0, abs=0.06)


def test_a_pumping_correction_counts_as_flicker() -> None:
    frames = pan()
    pumping = [frame + np.float32(0.03 * (-1) ** n) for n, frame in enumerate(frames)]
    ratios = relative(changes_of(frames, pumping), changes_of(frames, frames))
    assert ratios["flicker_per_contrast"] > 1.5
    assert ratios["drift_per_contrast"] > 3.0


def test_smoothing_in_time_lowers_flicker_of_a_noisy_video() -> None:
    rng = np.random.default_rng(2)
    clean = np.repeat(small_luma(scene())[None], 6, axis=0)
    noisy = [frame + rng.normal(0, 0.02, frame.shape).astype(np.float32) for frame in clean]
    calm = [cv2.addWeighted(a, 0.5, b, 0.5, 0.0).astype(np.float32) for a, b in pairwise(noisy)]
    ratios = relative(changes_of(noisy[1:], calm), changes_of(noisy[1:], noisy[1:]))
    assert ratios["flicker_per_contrast"] < 0.8


def test_a_scene_cut_is_no_flicker() -> None:
    first, second = small_luma(scene(seed=1)), 1.0 - small_luma(scene(seed=2))
    assert MotionOf().between(first, second, np.ones(first.shape, bool)) is None


def test_nothing_compared_gives_no_figures() -> None:
    assert relative(Changes(), Changes()) == {}
