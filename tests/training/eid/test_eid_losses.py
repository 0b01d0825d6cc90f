"""The mathematics of equivariant imaging, on problems small enough to know the answer."""

import pytest
import torch
import torch.nn.functional as F
from deepinv.physics import Inpainting, Physics
from deepinv.transform import Transform
from torch import Tensor, nn

from training.data.unpaired_frames import UnpairedBatch
from training.eid.eid_losses import EidObjective, EidWeights, TransformName, build_transform, eid_losses
from training.eid.haze_networks import CODE_LENGTH
from training.eid.haze_operator import ScatteringHaze
from training.eid.teacher import build_teacher


class Scaling(nn.Module):
    """f(y) = w y: small enough to differentiate by hand."""

    def __init__(self, weight: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(weight))

    def forward(self, y: Tensor, physics: Physics) -> Tensor:  # noqa: ARG002 - deepinv calls it so
        return self.weight * y


def smooth_pictures(count: int, seed: int) -> Tensor:
    noise = torch.rand(count, 1, 6, 6, generator=torch.Generator().manual_seed(seed))
    wrapped = F.pad(noise, (2, 2, 2, 2), mode="circular")
    picture = F.interpolate(wrapped, scale_factor=4, mode="bicubic", align_corners=False)[..., 8:-8, 8:-8]
    return picture.clamp(0, 1).repeat(1, 3, 1, 1)


def null_space_error(alpha: float, steps: int) -> float:
    """Train on pictures with 40 % of the pixels missing, always the same ones; mean squared error there, held out."""
    known = (torch.rand(1, 24, 24, generator=torch.Generator().manual_seed(5)) > 0.4).float()
    operator, pictures = Inpainting((3, 24, 24), mask=known), smooth_pictures(128, seed=0)
    torch.manual_seed(0)
    network, transform = build_teacher((16, 32)), build_transform(("shift",), seed=0)
    optimiser = torch.optim.Adam(network.parameters(), lr=2e-3)
    for step in range(steps):
        y = operator.A(pictures[step * 8 % 128 :][:8])
        _, losses = eid_losses(network, y, rehazing=operator, hazing=operator, transform=transform, alpha=alpha)
        optimiser.zero_grad()
        torch.autograd.backward(torch.stack(list(losses.values())).sum())
        optimiser.step()
    unseen = smooth_pictures(16, seed=9)
    with torch.no_grad():
        error = (network(operator.A(unseen), operator) - unseen).square() * (1 - known)
    return float(error.sum() / (16 * 3 * (1 - known).sum()))


def test_equivariance_recovers_what_the_operator_destroys_and_consistency_alone_does_not() -> None:
    variance = float(smooth_pictures(16, seed=9).var())
    assert null_space_error(alpha=0.0, steps=20) > 3 * variance
    assert null_space_error(alpha=1.0, steps=75) < 0.5 * variance


def test_gradients_reach_the_network_through_both_sides_of_both_losses() -> None:
    w, c, y = 0.7, 1.6, torch.tensor([[[[0.5]]]])
    network, operator = Scaling(w), Physics(A=lambda x: c * x)
    transform = build_transform(("reflect",), seed=0)
    _, losses = eid_losses(network, y, rehazing=operator, hazing=operator, transform=transform, alpha=1.0)
    gradients = {name: torch.autograd.grad(loss, network.weight, retain_graph=True)[0] for name, loss in losses.items()}
    assert float(gradients["consistency"]) == pytest.approx(2 * (c * w - 1) * c * 0.25, rel=1e-5)
    # f(H(f(y))) - f(y) = (c w^2 - w) y; a detached side would lose the -1 or one of the two w.
    assert float(gradients["equivariance"]) == pytest.approx(2 * (c * w * w - w) * (2 * c * w - 1) * 0.25, rel=1e-5)


def test_equivariance_can_take_the_estimate_as_given() -> None:
    w, c, y = 0.7, 1.6, torch.tensor([[[[0.5]]]])
    network, operator, transform = Scaling(w), Physics(A=lambda x: c * x), build_transform(("reflect",), seed=0)
    _, losses = eid_losses(
        network, y, rehazing=operator, hazing=operator, transform=transform, alpha=1.0, estimate_given=True
    )
    (gradient,) = torch.autograd.grad(losses["equivariance"], network.weight)
    # f(H(e)) - e = (c w - 1) e with e = w y held fast.
    assert float(gradient) == pytest.approx(2 * (c * w - 1) * c * (w * 0.5) ** 2, rel=1e-5)


def test_the_haze_operator_passes_gradients_on_and_takes_none() -> None:
    torch.manual_seed(0)
    network, haze = build_teacher((8, 16)), ScatteringHaze(width=8, depth=1)
    objective = EidObjective(network, haze, build_transform(("rotate",), 0), EidWeights())
    batch = UnpairedBatch(torch.rand(2, 3, 32, 32), torch.rand(2, 3, 32, 32), torch.randn(2, CODE_LENGTH))
    _, total, losses = objective(batch, 0)
    total.backward()
    assert set(losses) == {"consistency", "equivariance", "identity", "warm_up"}
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())
    assert all(p.grad is None for p in haze.parameters())


@pytest.mark.parametrize("names", [("rotate",), ("reflect",), ("shift",), ("rotate", "reflect")])
def test_transforms_are_exact_inverses(names: tuple[TransformName, ...]) -> None:
    transform: Transform = build_transform(names, seed=3)
    picture = torch.rand(2, 3, 16, 16)
    for _ in range(6):
        parameters = transform.get_params(picture)
        there = transform.transform(picture, **parameters)
        assert torch.equal(transform.inverse(there, **parameters), picture)


def test_alpha_zero_costs_no_second_pass() -> None:
    network, operator = Scaling(1.0), Physics()
    y = torch.rand(1, 3, 8, 8)
    _, losses = eid_losses(
        network, y, rehazing=operator, hazing=operator, transform=build_transform(("rotate",), 0), alpha=0.0
    )
    assert set(losses) == {"consistency"}
