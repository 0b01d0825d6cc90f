import pytest
import torch

from eid_stream.core.haze_maps import T_MIN
from training.network.opacity import DEAD_ZONE, opacity_as_probability
from training.student import losses
from training.student.losses import LossWeights


def test_a_perfect_correction_costs_nothing() -> None:
    picture, content = torch.rand(2, 3, 24, 32), torch.ones(2, 1, 24, 32)
    assert float(losses.masked_l1(picture, picture, content)) == 0.0
    assert abs(float(losses.structure(picture[:, :1], picture[:, :1], content))) < 1e-5


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


def test_haze_lifts_the_dark_channel_and_lowers_saturation() -> None:
    torch.manual_seed(0)
    clear, content = torch.rand(4, 3, 48, 64) * torch.tensor([0.9, 0.4, 0.3]).reshape(3, 1, 1), torch.ones(4, 1, 48, 64)
    statistics = losses.dark_statistics(clear, content)
    hazy = losses.dark_statistics(0.5 * clear + 0.4, content)
    assert (hazy[:, 0] > statistics[:, 0]).all()
    assert (hazy[:, 1] < statistics[:, 1]).all()
    assert float(losses.unlike_clear(hazy, statistics)) > float(losses.unlike_clear(statistics, statistics)) == 0.0


def test_flat_maps_are_smooth_and_noise_is_not() -> None:
    flat, noise = torch.ones(1, 2, 12, 16), torch.rand(1, 2, 12, 16)
    assert float(losses.smoothness(flat, flat)) == 0.0
    assert float(losses.smoothness(noise, noise)) > 0.1


def test_the_total_is_the_weighted_sum_of_the_named_terms() -> None:
    terms = losses.total_loss({"rgb": torch.tensor(2.0), "identity": torch.tensor(3.0)}, LossWeights(rgb=1, identity=4))
    assert float(terms["total"]) == 14.0


def test_only_what_was_not_white_before_must_stay_within_range() -> None:
    content = torch.ones(1, 1, 24, 32)
    grey, white = torch.full((1, 3, 24, 32), 0.5), torch.ones(1, 3, 24, 32)
    assert float(losses.out_of_range(1.5 * white, grey, content)) > 0.4
    assert float(losses.out_of_range(1.5 * white, white, content)) == 0.0


def test_white_must_stay_white_and_the_rest_may_change() -> None:
    before = torch.tensor([0.95, 0.6]).reshape(1, 1, 1, 2).expand(1, 3, 1, 2)
    content = torch.ones(1, 1, 1, 2)
    cream, cleared = before.clone(), before.clone()
    cream[:, 2, :, 0] -= 0.2
    cleared[..., 1] -= 0.3
    assert float(losses.tinted_white(cream, before, content)) > 0.01
    assert float(losses.tinted_white(cleared, before, content)) == 0.0


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
    assert (torch.sigmoid(logits) < DEAD_ZONE).all()
    losses.opacity(logits, torch.full((1, 1, 1, 1), 0.5), torch.ones(1, 1, 1, 1)).backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert (logits.grad < -0.1).all()


def test_the_densest_and_the_clearest_smoke_have_finite_losses() -> None:
    logits, truth = torch.zeros(1, 2, 1, 5), torch.tensor([0.0, 1e-7, 1.0 - T_MIN, 0.95, 1.0]).reshape(1, 1, 1, 5)
    assert bool(torch.isfinite(losses.opacity(logits, truth, torch.ones(1, 1, 1, 5))))
    clear = losses.opacity(torch.full((1, 2, 1, 1), -12.0), torch.zeros(1, 1, 1, 1), torch.ones(1, 1, 1, 1))
    assert float(clear) < 1e-4, "no opacity where there is no smoke is as good as it gets"


def test_clear_pictures_cost_what_would_be_taken_from_them_and_none_cost_nothing() -> None:
    some, none = torch.full((2, 2, 3, 4), 0.3), torch.zeros(0, 2, 3, 4)
    assert float(losses.identity(some, some)) > float(losses.identity(0.0 * some, some - 12.0))
    assert float(losses.identity(none, none)) == 0.0
