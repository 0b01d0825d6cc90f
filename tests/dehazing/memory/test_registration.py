"""Where the present shows what a clear view showed, through smoke."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from eid_stream.core.thumbnail import Area, Thumbnail
from eid_stream.dehazing.memory.registration import HEIGHT, WIDTH, normalised_detail, register
from eid_stream.dehazing.memory.scene_statistics import COLUMNS, ROWS

Array = NDArray[np.float32]
MOVED = 24
"""Pixels of the thumbnail, three sixteenths of its width in both."""


def wide_scene(seed: int) -> Array:
    """Luma (192, 256 + MOVED) of structures of many sizes."""
    rng = np.random.default_rng(seed)
    shape = (192, 256 + MOVED)
    sizes = ((cv2.GaussianBlur(rng.standard_normal(shape), (0, 0), s), s) for s in (4.0, 8.0, 16.0, 30.0))
    luma = sum(field / field.std() * s**0.3 for field, s in sizes)
    return np.asarray(np.clip(0.4 + 0.03 * luma, 0.1, 0.9), np.float32)


def thumbnail(luma: Array) -> Thumbnail:
    values = np.zeros((3, 192, 256), np.float32)
    values[0] = luma
    return Thumbnail(values, Area(0, 0, 256, 192))


def behind_smoke(luma: Array, density: float) -> Array:
    """Smoke that thickens from left to right."""
    opacity = density * np.linspace(0.6, 1.4, luma.shape[1], dtype=np.float32)
    return np.asarray(luma * (1.0 - opacity) + 0.8 * opacity, np.float32)


@pytest.mark.parametrize("density", [0.0, 0.3, 0.6])
def test_a_camera_that_moved_is_followed_through_smoke(density: float) -> None:
    scene = wide_scene(0)
    then, now = scene[:, :256], scene[:, MOVED:]
    found = register(
        normalised_detail(thumbnail(behind_smoke(now, density))), normalised_detail(thumbnail(then)), ROWS, COLUMNS
    )
    moved = found.moved(then[None])[0]
    seen = found.inside.astype(bool).repeat(2, 0).repeat(2, 1)
    assert 0.8 < seen.mean() < 0.98  # a stripe has come into view
    before = np.abs(then - now)[seen].mean()
    assert np.abs(moved - now)[seen].mean() < 0.35 * before
    assert np.median(found.agreement) > 0.7


def test_another_scene_agrees_with_nothing() -> None:
    one, other = (normalised_detail(thumbnail(wide_scene(seed)[:, :256])) for seed in (1, 2))
    assert np.median(register(one, other, ROWS, COLUMNS).agreement) < 0.6  # smooth fields can be bent a lot


def test_planes_of_every_size_are_moved_over_the_same_canvas() -> None:
    scene = wide_scene(3)
    now, then = (normalised_detail(thumbnail(part)) for part in (scene[:, MOVED:], scene[:, :256]))
    found = register(now, then, ROWS, COLUMNS)
    ramp = np.tile(np.linspace(0.0, 1.0, 256, dtype=np.float32), (192, 1))
    for height, width in ((12, 16), (48, 64), (192, 256)):
        plane = np.asarray(cv2.resize(ramp, (width, height), interpolation=cv2.INTER_AREA), np.float32)
        middle = found.moved(plane[None])[0][height // 2, width // 2] - plane[height // 2, width // 2]
        assert middle == pytest.approx(MOVED / 256, abs=0.015)


def test_a_black_picture_has_no_detail_and_agrees_with_nothing() -> None:
    black = normalised_detail(thumbnail(np.zeros((192, 256), np.float32)))
    assert (black == 128).all()
    found = register(black, normalised_detail(thumbnail(wide_scene(4)[:, :256])), ROWS, COLUMNS)
    assert np.isfinite(found.across).all()
    assert np.abs(found.agreement).max() < 0.05
    assert found.across.shape == (HEIGHT, WIDTH)
