"""Smoothing in time, and where it must start anew."""

import numpy as np
import pytest

from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.thumbnail import Area, Thumbnail
from eid_stream.dehazing.scene_cut import Continuity
from eid_stream.dehazing.temporal_filter import TemporalFilter


def maps(gain: float) -> HazeMaps:
    values = HazeMaps.identity(6, 8).values
    values[0] = gain
    return HazeMaps(values, 0.5)


def thumbnail(luma: float = 0.4, seed: int = 0) -> Thumbnail:
    texture = np.random.default_rng(seed).uniform(0, 0.02, (3, 48, 64)).astype(np.float32)
    return Thumbnail(texture + np.float32(luma), Area(0, 0, 64, 48))


STILL_PICTURE = thumbnail()


@pytest.mark.parametrize("rate", [10, 25, 60, 240])
def test_the_time_constant_is_in_seconds_whatever_the_frame_rate(rate: int) -> None:
    smooth = TemporalFilter(time_constant_seconds=0.5)
    smooth.update(maps(1.0), STILL_PICTURE, 0.0)
    for index in range(1, rate // 2 + 1):
        result = smooth.update(maps(2.0), STILL_PICTURE, index / rate)
    assert result.values[0, 0, 0] == pytest.approx(2.0 - np.exp(-1.0), abs=0.02)


def test_the_first_estimate_and_the_one_after_a_reset_are_taken_as_they_are() -> None:
    smooth = TemporalFilter()
    assert smooth.update(maps(2.0), STILL_PICTURE, 0.0).values[0, 0, 0] == 2.0
    smooth.reset()
    assert smooth.update(maps(3.0), STILL_PICTURE, 0.04).values[0, 0, 0] == 3.0


def test_the_filter_is_causal_and_leaves_its_input_alone() -> None:
    smooth, first, second = TemporalFilter(), maps(1.0), maps(2.0)
    smooth.update(first, STILL_PICTURE, 0.0)
    smooth.update(second, STILL_PICTURE, 0.04)
    assert first.values[0, 0, 0] == 1.0
    assert second.values[0, 0, 0] == 2.0


def test_a_change_of_grid_starts_anew() -> None:
    smooth = TemporalFilter()
    smooth.update(HazeMaps.identity(2, 2), STILL_PICTURE, 0.0)
    assert smooth.update(maps(2.0), STILL_PICTURE, 0.04).values[0, 0, 0] == 2.0


def test_a_change_of_canvas_starts_anew() -> None:
    smooth, larger = TemporalFilter(), Thumbnail(np.zeros((3, 96, 128), np.float32), Area(0, 0, 128, 96))
    smooth.update(maps(1.0), STILL_PICTURE, 0.0)
    assert smooth.update(maps(2.0), larger, 0.04).values[0, 0, 0] == 2.0


def test_maps_follow_at_once_where_the_picture_moves_and_are_calm_where_it_stands_still() -> None:
    smooth, moved = TemporalFilter(), thumbnail()
    moved.values[0, :, 32:] += 0.1
    smooth.update(maps(1.0), STILL_PICTURE, 0.0)
    gains = smooth.update(maps(2.0), moved, 0.04).values[0]
    assert gains[:, -1] == pytest.approx(2.0)
    assert gains[:, 0] == pytest.approx(2.0 - np.exp(-0.04 / 0.3))


@pytest.mark.parametrize(
    ("seconds", "luma", "broken"),
    [(0.04, 0.42, False), (0.0, 0.4, False), (2.0, 0.4, True), (-0.04, 0.4, True), (0.04, 0.7, True)],
    ids=["next frame", "same time", "gap", "backwards", "cut"],
)
def test_a_break_in_time_or_scene_is_seen(seconds: float, luma: float, broken: bool) -> None:
    continuity = Continuity()
    assert continuity.broken(thumbnail(), 0.0)
    assert continuity.broken(thumbnail(luma, seed=1), seconds) is broken
