from dataclasses import replace

import numpy as np

from tests.training.conftest import scene
from training.data.picture_cache import make_picture
from training.data.views import DIM, draw_colours, draw_palette, draw_pose, plain_view, random_view, recolour, view


def test_one_pose_shows_two_pictures_of_a_scene_alike() -> None:
    """Pictures that differ in patches must differ there only, wherever the pose shows them, and in the same colours."""
    picture = make_picture(scene("clear", 0))
    patch = np.zeros_like(picture.rgb)
    rows, columns = np.indices(patch.shape[:2]) // 24
    patch[(rows + columns) % 2 == 0] = 255
    changed, marked = replace(picture, rgb=picture.rgb ^ patch), replace(picture, rgb=patch)
    for seed in range(6):
        pose = draw_pose(picture, np.random.default_rng(seed))
        there = view(marked, replace(pose, curves=None, mix=None)).rgb > 0.0
        one, other = view(picture, pose), view(changed, pose)
        assert there.any()
        assert not there.all()
        np.testing.assert_array_equal(one.rgb[~there], other.rgb[~there])
        assert np.abs(one.rgb - other.rgb)[there].mean() > 0.1
        np.testing.assert_array_equal(one.content, other.content)


def test_some_random_views_fill_only_a_part_of_the_canvas_the_others_are_views_in_a_random_pose() -> None:
    picture = make_picture(scene("clear", 1))
    filled, beside = [], []
    for seed in range(60):
        shown = random_view(picture, np.random.default_rng(seed))
        usual = view(picture, draw_pose(picture, np.random.default_rng(seed)))
        filled.append(np.array_equal(usual.content, shown.content))
        assert filled[-1] or shown.content.sum() < usual.content.sum()
        if not filled[-1]:
            beside.append(float(shown.rgb[:, shown.content[0] == 0.0].max()))
    assert 0.65 < np.mean(filled) < 0.95
    assert min(beside) == 0.0, "some have black around them"
    assert 0.02 < max(beside) <= DIM[1], "others something dim"
    assert not np.array_equal(usual.rgb, plain_view(picture).rgb)


def test_bright_exposures_are_brighter_and_paler() -> None:
    picture = make_picture(scene("clear", 1)).rgb
    usual, bright = (
        np.stack([recolour(picture, *draw_colours(np.random.default_rng(seed), share)) for seed in range(12)])
        for share in (0.0, 1.0)
    )
    assert bright.mean() > 1.2 * usual.mean()
    assert np.ptp(bright, axis=3).mean() / bright.mean() < np.ptp(usual, axis=3).mean() / usual.mean()


def test_some_views_are_from_close_by() -> None:
    picture = make_picture(scene("clear", 1))
    height, width = picture.rgb.shape[:2]
    boxes = [draw_pose(picture, np.random.default_rng(seed)).box for seed in range(60)]
    close = [box_width * box_height < 0.2 * width * height for *_, box_width, box_height in boxes]
    assert 5 < sum(close) < 25


def test_a_recoloured_view_has_other_colours_the_same_shapes_and_black_where_it_was() -> None:
    picture = make_picture(scene("clear", 1))
    for seed in range(8):
        rng = np.random.default_rng(seed)
        pose = draw_pose(picture, rng)
        usual, recoloured = view(picture, pose).rgb, view(picture, replace(pose, palette=draw_palette(rng))).rgb
        assert recoloured[:, usual.max(0) == 0.0].max(initial=0.0) == 0.0
        assert np.abs(recoloured - usual).mean() > 0.02
        assert np.corrcoef(usual.mean(0).ravel(), recoloured.mean(0).ravel())[0, 1] > 0.5
