"""The loops over views of a scene: those in C against OpenCV."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from eid_stream.core.kernels.compiled_views import CompiledViews, open_compiled_views
from eid_stream.core.kernels.plain_views import FLOW_SHAPE, PlainViews

Array = NDArray[np.float32]
OPENCV = PlainViews()


@pytest.fixture(scope="module")
def in_c() -> CompiledViews:
    found = open_compiled_views()
    if found is None:
        pytest.skip("the loops in C were not built: there is no compiler")
    return found


def texture(height: int, width: int, seed: int = 0) -> Array:
    """Structures of many sizes around 0, of deviation 40."""
    rng = np.random.default_rng(seed)
    fields = [(cv2.GaussianBlur(rng.standard_normal((height, width)), (0, 0), s), s) for s in (1.5, 3.0, 6.0, 12.0)]
    whole = np.sum([field / field.std() * s**0.4 for field, s in fields], axis=0)
    return np.asarray(40.0 * whole / whole.std(), np.float32)


def codes(plane: Array) -> Array:
    return np.asarray(np.clip(np.rint(plane + 128.0), 0.0, 255.0), np.float32)


@pytest.mark.parametrize("side", [3, 13, 25])
@pytest.mark.parametrize("shape", [(96, 128), (31, 43)])
def test_both_take_local_means_alike(in_c: CompiledViews, side: int, shape: tuple[int, int]) -> None:
    plane = texture(*shape)
    assert np.allclose(in_c.local_means(plane, side), OPENCV.local_means(plane, side), atol=1e-3)


def test_both_find_the_border_alike(in_c: CompiledViews) -> None:
    rng = np.random.default_rng(2)
    y, x = np.mgrid[:96, :128]
    circle = np.where(np.hypot(y - 48, x - 64) < 45, 0.5, 0.02)
    spiral = np.where((np.arctan2(y - 48, x - 64) * 4 + np.hypot(y - 48, x - 64)) % 12 < 4, 0.02, 0.5)
    dark_inside = circle - 0.48 * (np.hypot(y - 48, x - 64) < 9)
    for picture in (circle, spiral, dark_inside, rng.random((96, 128)) ** 2, np.zeros((5, 7)), np.ones((1, 4))):
        luma = np.asarray(picture, np.float32)
        assert np.array_equal(in_c.content(luma, 0.06), OPENCV.content(luma, 0.06))


def test_both_sample_planes_alike(in_c: CompiledViews) -> None:
    rng = np.random.default_rng(3)
    planes = np.stack([texture(48, 64, seed) for seed in range(3)])
    across, down = (rng.uniform(-9, high, (48, 64)).astype(np.float32) for high in (73, 57))
    mine, other = (views.sampled(planes, across, down) for views in (in_c, OPENCV))
    assert np.abs(mine - other).max() < 3.0  # OpenCV knows 32 places between two pixels
    assert np.abs(mine - other).mean() < 0.3
    left, top = np.meshgrid(np.arange(64, dtype=np.float32), np.arange(48, dtype=np.float32))
    assert np.array_equal(in_c.sampled(planes, left, top), planes)


@pytest.mark.parametrize("shift", [(0.0, 0.0), (3.0, -2.0), (-11.0, 7.0)])
def test_a_moved_and_bent_view_is_followed_as_by_opencv(in_c: CompiledViews, shift: tuple[float, float]) -> None:
    height, width = FLOW_SHAPE
    left, top = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    across = np.asarray(shift[0] + 2.0 * np.sin(top / 17.0), np.float32)
    down = np.asarray(shift[1] + 1.5 * np.cos(left / 23.0), np.float32)
    then = texture(height + 40, width + 40, seed=5)
    now = np.asarray(cv2.remap(then, left + across + 20, top + down + 20, cv2.INTER_CUBIC), np.float32)
    given = codes(now), codes(then[20:-20, 20:-20])
    middle = (slice(14, -14), slice(14, -14))
    errors = []
    for views in (in_c, OPENCV):
        found = views.flow(*given, shift)
        errors.append(np.median(np.hypot(found[0] - across, found[1] - down)[middle]))
    assert errors[0] < 0.5
    assert errors[0] < errors[1] + 0.1


def test_flow_does_not_touch_what_it_is_given_and_is_finite_without_detail(in_c: CompiledViews) -> None:
    now, then = codes(texture(*FLOW_SHAPE, seed=6)), np.full(FLOW_SHAPE, 128.0, np.float32)
    before = now.copy()
    for one, other in ((now, then), (then, now), (then, then)):
        assert all(np.isfinite(part).all() for part in in_c.flow(one, other, (500.0, -500.0)))
    assert np.array_equal(now, before)


def test_sizes_that_are_not_provided_for_are_refused(in_c: CompiledViews) -> None:
    with pytest.raises(ValueError, match="flow is found between"):
        in_c.flow(np.zeros((8, 8), np.float32), np.zeros((8, 8), np.float32), (0.0, 0.0))
    with pytest.raises(ValueError, match="not provided for"):
        in_c.local_means(np.zeros((8, 8), np.float32), 4)
    with pytest.raises(ValueError, match="cannot be sampled"):
        in_c.sampled(np.zeros((1, 8, 8), np.float32), np.zeros((8, 9), np.float32), np.zeros((8, 9), np.float32))
