"""Veils of other sciences: what natural haze and out-of-focus glow look like before anything is learned."""

from pathlib import Path

import pytest
import torch
from deepinv.physics import Physics
from torch import Tensor

from training.eid.haze_networks import CODE_LENGTH
from training.eid.haze_operator import ScatteringHaze, load_haze
from training.eid.teacher import begin_teacher
from training.eid.veil_look import BOX_NUMBERS, BOXES, ROOM_NUMBERS, LookName, floor_of, follow_edges, room_depth

CHECKPOINT = Path(__file__).parents[3] / "training" / "checkpoints" / "haze_cpu" / "haze.safetensors"


@pytest.fixture(autouse=True)
def same_numbers() -> None:
    torch.manual_seed(3)


def drawn(look: LookName, count: int = 16, side: int = 64) -> tuple[ScatteringHaze, Tensor, Tensor]:
    """An operator, clear pictures and codes."""
    haze = ScatteringHaze(8, 1, look).requires_grad_(False)
    return haze, 0.6 * torch.rand(count, 3, side, side), torch.randn(count, CODE_LENGTH)


def test_a_room_is_farther_in_its_middle_than_at_the_foot_of_the_picture() -> None:
    depth = room_depth(torch.randn(200, ROOM_NUMBERS + BOXES * BOX_NUMBERS), 24)
    assert float(depth.min()) > 0.0
    assert torch.allclose(depth.amax((1, 2, 3)), torch.ones(200))
    assert float(depth[:, :, 11:13].mean()) > 1.3 * float(depth[:, :, -2:].mean())


def test_natural_haze_has_one_bright_light_and_is_denser_where_it_is_far() -> None:
    haze, clear, code = drawn("depth")
    veil = haze.draw_veil(clear, code)
    assert float(veil.airlight.std((2, 3)).max()) < 1e-5
    assert 0.8 <= float(veil.airlight.mean()) <= 1.05
    assert 0.3 < float(veil.transmission.mean()) < 0.8
    assert float((veil.transmission.amax((1, 2, 3)) - veil.transmission.amin((1, 2, 3))).mean()) > 0.15


def test_a_veil_that_follows_edges_has_one_where_the_picture_has_one() -> None:
    picture = torch.zeros(1, 3, 64, 64)
    picture[..., 32:] = 0.8
    ramp = torch.linspace(0.2, 0.8, 64).expand(1, 1, 64, 64)
    step = follow_edges(ramp, picture)[0, 0, 32].diff().abs()
    assert int(step.argmax()) == 31
    assert float(step[31]) > 4.0 * float(ramp[0, 0, 0].diff()[0])


def test_glow_adds_light_and_hardly_takes_any() -> None:
    haze, clear, code = drawn("glow")
    grey = clear.mean(1, keepdim=True).expand(-1, 3, -1, -1) ** 3
    with torch.no_grad():
        veil = haze.draw_veil(grey, code)
        hazed = veil.over(grey)
    assert float(veil.transmission.min()) >= 0.75
    assert float((hazed - grey).mean()) > 0.03
    assert float(hazed.std(1).max()) < 1e-6


@pytest.mark.parametrize("look", ["smoke", "depth", "glow"])
def test_what_a_veil_lays_over_a_picture_its_inverse_takes_away(look: LookName) -> None:
    haze, clear, code = drawn(look)
    veil = haze.draw_veil(clear, code)
    assert torch.allclose(veil.lifted_from(veil.over(clear)), clear, atol=1e-4)


def test_an_operator_of_before_is_one_of_smoke() -> None:
    haze = load_haze(CHECKPOINT)
    assert isinstance(haze, ScatteringHaze)
    assert haze.look == "smoke"
    assert not haze.is_upright


def test_a_teacher_that_sees_veils_begins_as_the_companion() -> None:
    haze, hazy, _ = drawn("depth", count=2)
    teacher = begin_teacher("veil", (), haze).eval()
    assert torch.equal(teacher(hazy, Physics()), haze.A_dagger(hazy).clamp(0, 1))
    assert all(p.requires_grad for p in teacher.parameters())


def test_no_nucleus_can_be_taken_for_glow_however_dim_it_is() -> None:
    ground, dim = 0.08, 0.02
    picture = torch.full((1, 3, 64, 84), ground)
    down, across = torch.meshgrid(torch.arange(64), torch.arange(84), indexing="ij")
    nuclei = torch.zeros(64, 84, dtype=torch.bool)
    for row, column in ((10, 12), (30, 40), (31, 52), (50, 70)):
        nuclei |= (down - row) ** 2 + (across - column) ** 2 <= 4.5**2
    picture[:, :, nuclei] += dim
    haze = ScatteringHaze(8, 1, "glow").requires_grad_(False)
    with torch.no_grad():
        for logit in (-2.0, 0.0, 8.0):
            assert haze.companion.head.bias is not None
            haze.companion.head.bias.copy_(torch.tensor([logit, 0.0, 0.0, 0.0]))
            cleared = haze.A_dagger(picture)[0, 0]
            assert float(cleared[nuclei].mean() - cleared[~nuclei].mean()) > 0.95 * dim


def test_the_floor_is_the_glow_between_nuclei_and_bends_as_it_does() -> None:
    glow = torch.linspace(0.05, 0.15, 84).expand(1, 3, 64, 84).clone()
    picture = glow.clone()
    picture[..., 20:28, 30:38] += 0.4
    assert float((floor_of(picture) - glow[:, :1]).abs().max()) < 0.015
