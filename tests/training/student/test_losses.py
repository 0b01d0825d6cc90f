import pytest
import torch

from training.network.opacity import opacity_as_probability, opacity_of
from training.student import losses
from training.student.losses import LossWeights


def test_a_perfect_correction_costs_nothing() -> None:
    picture, content = torch.rand(2, 3, 24, 32), torch.ones(2, 1, 24, 32)
    assert float(losses.far_off(picture, picture, content)) == 0.0


def test_what_lies_outside_the_content_does_not_count() -> None:
    content = torch.zeros(1, 1, 24, 32)
    content[..., 8:] = 1.0
    other = torch.zeros(1, 3, 24, 32)
    other[..., :8] = 1.0
    assert float(losses.masked_l1(other, torch.zeros_like(other), content)) == 0.0


def test_what_is_far_off_counts_more_than_its_share() -> None:
    content, nothing = torch.ones(1, 1, 8, 8), torch.zeros(1, 3, 8, 8)
    near, far = (float(losses.far_off(nothing + off, nothing, content)) for off in (0.01, 0.4))
    assert near == pytest.approx(0.01, rel=0.1)
    assert far > 2.5 * 0.4


def test_the_total_is_the_weighted_sum_of_the_named_terms() -> None:
    terms = losses.total_loss({"rgb": torch.tensor(2.0), "identity": torch.tensor(3.0)}, LossWeights(rgb=1, identity=4))
    assert float(terms["total"]) == 14.0


def test_the_true_opacity_costs_nothing_and_has_no_slope() -> None:
    truth, inside = torch.tensor([0.02, 0.3, 0.79]).reshape(1, 1, 1, 3), torch.ones(1, 1, 1, 3)
    logits = torch.logit(opacity_as_probability(truth)).expand(1, 2, 1, 3).clone().requires_grad_()
    loss = losses.opacity(logits, truth, inside)
    loss.backward()  # type: ignore[no-untyped-call]
    assert abs(float(loss.detach())) < 1e-6
    assert logits.grad is not None
    assert float(logits.grad.abs().max()) < 1e-6
    assert float(losses.opacity(logits.detach() + 1.0, truth, inside)) > 0.01


def test_smoke_that_was_overlooked_still_pulls_though_its_opacity_is_zero() -> None:
    logits = torch.full((1, 2, 1, 1), -6.0, requires_grad=True)
    assert (torch.sigmoid(logits) < 0.08).all()
    losses.opacity(logits, torch.full((1, 1, 1, 1), 0.5), torch.ones(1, 1, 1, 1)).backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert (logits.grad < -0.1).all()


def test_the_densest_and_the_clearest_smoke_have_finite_losses() -> None:
    logits, truth = torch.zeros(1, 2, 1, 5), torch.tensor([0.0, 1e-7, 0.8, 0.95, 1.0]).reshape(1, 1, 1, 5)
    assert bool(torch.isfinite(losses.opacity(logits, truth, torch.ones(1, 1, 1, 5))))
    clear = losses.opacity(torch.full((1, 2, 1, 1), -12.0), torch.zeros(1, 1, 1, 1), torch.ones(1, 1, 1, 1))
    assert float(clear) < 1e-4, "no opacity where there is no smoke is as good as it gets"


def test_clear_pictures_cost_what_would_be_taken_from_them() -> None:
    some = torch.full((2, 2, 3, 4), 0.3)
    assert float(losses.no_opacity(some, some)) > float(losses.no_opacity(0.0 * some, some - 12.0))


def test_a_clear_picture_that_is_taken_for_smoke_counts_more_than_its_share() -> None:
    logits = torch.tensor([1.0, -6.0, -6.0, -6.0]).reshape(4, 1, 1, 1).requires_grad_()
    losses.no_opacity(opacity_of(logits), logits).backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    alone = torch.tensor([1.0]).reshape(1, 1, 1, 1).requires_grad_()
    losses.no_opacity(opacity_of(alone), alone).backward()  # type: ignore[no-untyped-call]
    assert alone.grad is not None
    assert float(logits.grad[0]) > 2.0 * float(alone.grad) / 4.0


def test_opacity_rises_with_its_logit_without_a_jump_from_none_to_the_limit() -> None:
    opacity = opacity_of(torch.linspace(-8.0, 12.0, 2001))
    assert float(opacity[0]) == 0.0
    assert float(opacity[-1]) == pytest.approx(0.8, abs=1e-4)
    steps = opacity.diff()
    assert float(steps.min()) >= 0.0
    assert float(steps.max()) < 0.003


def test_the_probability_of_an_opacity_is_where_that_opacity_is_seen() -> None:
    wanted = torch.tensor([0.01, 0.2, 0.5, 0.79])
    torch.testing.assert_close(opacity_of(torch.logit(opacity_as_probability(wanted))), wanted)
    assert float(opacity_as_probability(torch.zeros(1))) == 0.0
