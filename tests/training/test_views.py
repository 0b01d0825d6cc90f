from dataclasses import replace

import numpy as np

from tests.training.conftest import scene
from training.picture_cache import make_picture
from training.views import draw_pose, plain_view, random_view, view


def test_one_pose_shows_two_pictures_of_a_scene_alike() -> None:
    """Pictures that differ in one patch must differ there only, wherever the pose shows it, and in the same colours."""
    picture = make_picture(scene("clear", 0))
    patch = np.zeros_like(picture.rgb)
    patch[60:130, 90:180] = 255
    changed, marked = replace(picture, rgb=picture.rgb ^ patch), replace(picture, rgb=patch)
    for seed in range(6):
        pose = draw_pose(picture, np.random.default_rng(seed))
        there = view(marked, replace(pose, curves=None, mix=None)).rgb > 0.0
        one, other = view(picture, pose), view(changed, pose)
        assert there.any()
        np.testing.assert_array_equal(one.rgb[~there], other.rgb[~there])
        assert np.abs(one.rgb - other.rgb)[there].mean() > 0.1
        np.testing.assert_array_equal(one.content, other.content)


def test_a_random_view_is_a_view_in_a_random_pose() -> None:
    picture = make_picture(scene("clear", 1))
    pose = draw_pose(picture, np.random.default_rng(4))
    np.testing.assert_array_equal(view(picture, pose).rgb, random_view(picture, np.random.default_rng(4)).rgb)
    assert not np.array_equal(view(picture, pose).rgb, plain_view(picture).rgb)


def test_overexposed_views_are_brighter_and_paler() -> None:
    picture = make_picture(scene("clear", 1))
    usual, overexposed = (
        np.stack([random_view(picture, np.random.default_rng(seed), share).rgb for seed in range(12)])
        for share in (0.0, 1.0)
    )
    assert overexposed.mean() > 1.2 * usual.mean()
    assert np.ptp(overexposed, axis=1).mean() / overexposed.mean() < np.ptp(usual, axis=1).mean() / usual.mean()
