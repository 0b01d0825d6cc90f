"""What EID adds to the student: estimates that are turned and hazed anew; and the average that estimates."""

import pytest
import torch

from training.eid.haze_operator import ScatteringHaze
from training.network.colour import convert, rgb_to_ycbcr, ycbcr_to_rgb
from training.network.correction import apply_maps
from training.network.student import Sight, Student, StudentShape, maps_of
from training.student.mean_teacher import sight_of_average
from training.student.rehazed_views import rehaze


@pytest.fixture
def haze() -> ScatteringHaze:
    torch.manual_seed(0)
    operator = ScatteringHaze(width=8, depth=1)
    operator.eval().requires_grad_(False)
    return operator


def _sight(student: Student, ycbcr: torch.Tensor) -> Sight:
    with torch.no_grad():
        return student.see(ycbcr)


@pytest.fixture
def student() -> Student:
    torch.manual_seed(1)
    return Student(StudentShape(fine=8, coarse=8)).eval()


def test_what_is_hazed_anew_is_the_turned_estimate(haze: ScatteringHaze, student: Student) -> None:
    rgb, content = torch.rand(2, 3, 96, 128) * 0.5, torch.ones(2, 1, 96, 128)
    content[:, :, :, :16] = 0.0
    ycbcr = convert(rgb, rgb_to_ycbcr(1))
    sight = _sight(student, ycbcr)
    again = rehaze(sight, haze, ycbcr, content, seed=2)
    estimate = convert(apply_maps(ycbcr, maps_of(sight.opacity, sight.airlight)), ycbcr_to_rgb(1)).clamp(0.0, 1.0)
    turned = [turn for turn in ([], [3], [2], [2, 3]) if torch.allclose(again.clear, estimate.flip(turn), atol=1e-5)]
    assert len(turned) == 1
    assert torch.equal(again.content, content.flip(turned[0]))
    outside = (again.content == 0).expand_as(rgb)
    assert torch.equal(again.hazy[outside], again.clear[outside])
    assert (again.hazy.amin(1).mean((1, 2)) > again.clear.amin(1).mean((1, 2)) + 0.02).all()


def test_estimates_turn_in_every_way_and_their_haze_differs(haze: ScatteringHaze, student: Student) -> None:
    ycbcr, content = convert(torch.rand(1, 3, 48, 64), rgb_to_ycbcr(1)), torch.ones(1, 1, 48, 64)
    looks = [rehaze(_sight(student, ycbcr), haze, ycbcr, content, seed=n) for n in range(16)]
    assert len({float(look.clear[0, 0, 0, 0]) for look in looks}) == 4
    assert len({float(look.hazy.mean()) for look in looks}) == 16


def test_the_average_says_the_same_of_a_picture_and_of_its_half_turn(student: Student) -> None:
    ycbcr = convert(torch.rand(1, 3, 96, 128), rgb_to_ycbcr(1))
    first_stages = student.trunk.to_4
    upright = sight_of_average(student, ycbcr, first_stages)
    turned = sight_of_average(student, ycbcr.flip((2, 3)), first_stages)
    torch.testing.assert_close(upright.logits, turned.logits.flip((2, 3)))
    torch.testing.assert_close(upright.airlight, turned.airlight.flip((2, 3)))
