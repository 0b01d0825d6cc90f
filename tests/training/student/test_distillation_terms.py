import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from training.data.clip_pairs import ClipPairs, grid_of, stack_pairs, warp, way_to
from training.network.colour import Matrices, rgb_to_ycbcr, ycbcr_to_rgb
from training.network.student import Sight
from training.student.distillation_terms import against_advice, against_witness
from training.student.step import Answer, clip_flicker
from training.student.teacher_answers import AdviceBatch

HEIGHT, WIDTH = 96, 128
CONTENT = torch.ones(2, 1, HEIGHT // 2, WIDTH // 2)
LOGITS = torch.full((2, 2, HEIGHT // 8, WIDTH // 8), -2.0)


@pytest.fixture
def clear() -> Tensor:
    return torch.rand(2, 3, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(0)) * 0.6


def advise(answer: Tensor, opacity: float) -> AdviceBatch:
    airlight = torch.tensor([0.8, 0.75, 0.7]).reshape(1, 3, 1, 1).expand_as(answer)
    return AdviceBatch(answer, airlight, torch.full_like(answer[:, :1], opacity))


def staying(pictures: Tensor) -> ClipPairs:
    """Pairs of frames between which nothing moves."""
    frames = (pictures.permute(0, 2, 3, 1).numpy() * 255.0).astype(np.uint8)
    way = way_to(grid_of(np.zeros((HEIGHT, WIDTH, 2), np.float32)))
    return stack_pairs([(frame, frame, way, np.ones((HEIGHT, WIDTH), np.uint8)) for frame in frames])


def answer(opacity: float) -> Answer:
    """What a student says that sees so much smoke everywhere."""
    everywhere = torch.full_like(LOGITS, opacity)
    light = torch.tensor([0.8, 0.0, 0.0]).reshape(1, 3, 1, 1).expand(-1, -1, *LOGITS.shape[2:])
    matrices = Matrices(rgb_to_ycbcr(1).expand(2, 3, 3), ycbcr_to_rgb(1).expand(2, 3, 3))
    return Answer(torch.zeros(0), Sight(everywhere, light, LOGITS, torch.ones_like(LOGITS[:, :1])), matrices)


def test_the_exact_inverse_of_the_companions_veil_is_consistent_with_the_haze(clear: Tensor) -> None:
    advice = advise(clear, opacity=0.4)
    hazy, small = F.avg_pool2d(advice.veil.over(clear), 2), F.avg_pool2d(clear, 2)
    assert float(against_advice(small, hazy, LOGITS, CONTENT, advice)["consistency"]) < 1e-6
    assert float(against_advice(hazy, hazy, LOGITS, CONTENT, advice)["consistency"]) > 0.05


def test_the_teacher_is_heard_on_tissue_and_not_on_white(clear: Tensor) -> None:
    dark, white = F.avg_pool2d(clear, 2), torch.full_like(CONTENT, 0.9).expand(-1, 3, -1, -1)
    advice = advise(torch.zeros_like(clear), opacity=0.1)
    assert float(against_advice(dark, dark, LOGITS, CONTENT, advice)["answer"]) > 0.1
    assert float(against_advice(white, white, LOGITS, CONTENT, advice)["answer"]) == 0.0


def test_the_teachers_texture_is_not_learned_but_its_brightness_is(clear: Tensor) -> None:
    small = F.avg_pool2d(clear, 2)
    tiles = (torch.arange(HEIGHT)[:, None] // 2 + torch.arange(WIDTH)[None, :] // 2) % 2
    textured = clear + 0.2 * (tiles - 0.5)
    texture, brighter = (advise(answer, opacity=0.1) for answer in (textured, clear + 0.1))
    assert float(against_advice(small, small, LOGITS, CONTENT, texture)["answer"]) < 1e-6
    assert abs(float(against_advice(small, small, LOGITS, CONTENT, brighter)["answer"]) - 0.1) < 1e-3


def test_advice_outside_the_content_is_not_heard(clear: Tensor) -> None:
    small, nowhere = F.avg_pool2d(clear, 2), torch.zeros_like(CONTENT)
    terms = against_advice(small, small, LOGITS, nowhere, advise(torch.ones_like(clear), opacity=0.5))
    assert all(float(term) == 0.0 for term in terms.values())


@pytest.mark.parametrize("shrunk", [1, 2, 4])
def test_nothing_moves_where_the_flow_is_zero_at_any_size_of_the_pictures(clear: Tensor, shrunk: int) -> None:
    pictures = F.avg_pool2d(clear, shrunk)
    torch.testing.assert_close(warp(pictures, staying(clear).way), pictures, atol=0.02, rtol=0.0)


def test_a_corrected_view_that_agrees_with_its_witness_costs_nothing(clear: Tensor) -> None:
    view = F.avg_pool2d(clear, 2)
    assert float(against_witness(view, view, staying(clear), CONTENT)) < 1e-3
    assert float(against_witness(view + 0.3, view, staying(clear), CONTENT)) > 0.2


def test_the_clearer_view_is_the_witness_and_does_not_learn(clear: Tensor) -> None:
    hazier, clearer = (F.avg_pool2d(clear, 2) + step for step in (0.2, 0.0))
    against_witness(hazier.requires_grad_(), clearer.requires_grad_(), staying(clear), CONTENT).backward()  # type: ignore[no-untyped-call]
    assert clearer.grad is None
    assert hazier.grad is not None
    assert float(hazier.grad.abs().sum()) > 0.0


@pytest.mark.parametrize("opacity", [0.0, 0.3, 0.75])
def test_calm_maps_do_not_flicker_however_strong_they_are(clear: Tensor, opacity: float) -> None:
    assert float(clip_flicker(answer(opacity), answer(opacity), staying(clear))) < 1e-6


def test_maps_that_tremble_flicker_though_the_frames_stand_still(clear: Tensor) -> None:
    assert float(clip_flicker(answer(0.4), answer(0.5), staying(clear))) > 0.05
