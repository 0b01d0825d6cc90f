"""What teacher and companion say about a picture, and the student's second look at what it cleared."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.training.conftest import scene
from training.data.picture_cache import Picture, make_picture
from training.data.views import draw_pose, view
from training.eid.haze_operator import ScatteringHaze
from training.eid.teacher import Rgb
from training.network.colour import Matrices, convert, rgb_to_ycbcr, ycbcr_to_rgb
from training.network.correction import apply_maps
from training.network.student import Student, StudentShape
from training.student.rehazed_views import look_again
from training.student.teacher_answers import ask, in_poses


@pytest.fixture
def haze() -> ScatteringHaze:
    torch.manual_seed(0)
    operator = ScatteringHaze(width=8, depth=1)
    operator.eval().requires_grad_(False)
    return operator


@pytest.fixture
def picture() -> Picture:
    """A smoky scene within a black border."""
    frame = np.zeros((216, 288, 3), np.float32)
    frame[40:136, 80:208] = scene("smoky", 0)
    return make_picture(frame, kind="hazy")


def darker(rgb: Rgb) -> Rgb:
    return np.asarray(0.5 * rgb, np.float32)


def test_advice_is_the_teachers_answer_and_the_companions_veil_of_the_scene_and_nothing_outside(
    picture: Picture, haze: ScatteringHaze
) -> None:
    advice = ask([picture], darker, haze)[picture]
    np.testing.assert_allclose(advice.answer.rgb, 0.5 * picture.rgb.astype(np.float32), atol=1.0)
    left, top, width, height = picture.box
    assert 0 < width < 150, "the border is known as such"
    area = np.s_[top : top + height, left : left + width]
    veil = haze.veil_of(torch.from_numpy(picture.rgb[area] / np.float32(255.0)).permute(2, 0, 1)[None])
    inside = picture.content[area] > 0
    for said, seen in (
        (advice.opacity, 1.0 - veil.transmission.expand(-1, 3, -1, -1)),
        (advice.airlight, veil.airlight),
    ):
        wanted = seen[0].permute(1, 2, 0).clamp(0.0, 1.0).numpy()
        np.testing.assert_allclose(said.rgb[area][inside] / 255.0, wanted[inside], atol=0.003)
    assert not advice.opacity.rgb[picture.content == 0].any()


def test_a_pose_colours_the_answer_but_not_the_opacity(picture: Picture, haze: ScatteringHaze) -> None:
    advice = ask([picture], darker, haze)[picture]
    pose = draw_pose(picture, np.random.default_rng(1))
    shown = in_poses([advice], [pose])
    plain = in_poses([advice], [replace(pose, curves=None, mix=None)])
    assert torch.equal(shown.opacity, plain.opacity)
    assert not torch.equal(shown.answer, plain.answer)
    np.testing.assert_array_equal(shown.answer[0].numpy(), view(advice.answer, pose).rgb)


def test_advice_lies_where_the_picture_shows_the_same_place(picture: Picture, haze: ScatteringHaze) -> None:
    advice = ask([picture], lambda rgb: rgb, haze)[picture]
    for seed in range(4):
        pose = draw_pose(picture, np.random.default_rng(seed))
        np.testing.assert_array_equal(in_poses([advice], [pose]).answer[0].numpy(), view(picture, pose).rgb)


def test_a_second_look_shows_the_turned_estimate_through_new_haze(haze: ScatteringHaze) -> None:
    torch.manual_seed(1)
    student = Student(StudentShape(fine=8, coarse=8)).eval()
    rgb, content = torch.rand(2, 3, 96, 128) * 0.5, torch.ones(2, 1, 96, 128)
    content[:, :, :, :16] = 0.0
    matrices = Matrices(rgb_to_ycbcr(1).expand(2, 3, 3), ycbcr_to_rgb(1).expand(2, 3, 3))
    again = look_again(student, haze, rgb, content, matrices, torch.Generator().manual_seed(2))

    ycbcr = convert(rgb, matrices.to_ycbcr)
    estimate = convert(apply_maps(ycbcr, student(ycbcr)[0]), matrices.to_rgb).clamp(0.0, 1.0)
    turned = [turn for turn in ([], [3], [2], [2, 3]) if torch.allclose(again.clear, estimate.flip(turn), atol=1e-5)]
    assert len(turned) == 1
    assert torch.equal(again.content, content.flip(turned[0]))
    outside = (again.content == 0).expand_as(rgb)
    assert torch.equal(again.hazy[outside], again.clear[outside])
    assert (again.hazy.amin(1).mean((1, 2)) > again.clear.amin(1).mean((1, 2)) + 0.02).all()
    assert estimate.requires_grad
    assert not again.clear.requires_grad, "flattening the estimate must not pay"


def test_second_looks_turn_in_every_way_and_their_haze_differs(haze: ScatteringHaze) -> None:
    torch.manual_seed(1)
    student = Student(StudentShape(fine=8, coarse=8)).eval()
    rgb, content = torch.rand(1, 3, 48, 64), torch.ones(1, 1, 48, 64)
    matrices = Matrices(rgb_to_ycbcr(6)[None], ycbcr_to_rgb(6)[None])
    looks = [look_again(student, haze, rgb, content, matrices, torch.Generator().manual_seed(n)) for n in range(16)]
    assert len({float(look.clear[0, 0, 0, 0]) for look in looks}) == 4
    assert len({float(look.hazy.mean()) for look in looks}) == 16
