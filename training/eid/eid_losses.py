"""EID's two losses and what keeps them from trivial answers, behind one ``forward``."""

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from deepinv.loss import EILoss, MCLoss
from deepinv.physics import Physics
from deepinv.transform import Reflect, Rotate, Scale, Shift, Transform
from torch import Tensor, nn
from torchvision.transforms import InterpolationMode

from training.data.unpaired_frames import UnpairedBatch
from training.eid.haze_operator import AnyHaze

TransformName = Literal["rotate", "reflect", "mirror", "shift", "scale", "rotate_any"]


@dataclass(frozen=True, kw_only=True, slots=True)
class EidWeights:
    """Weights of the terms; all are mean squared errors of pictures in [0, 1], so they share one scale."""

    equivariance: float = 1.0
    """The paper's alpha."""
    identity: float = 1.0
    """A clear frame is to stay as it is."""
    estimate_given: bool = False
    """Equivariance takes f(y) as given: no gradients through T f(y), which would also pull it towards easy pictures."""
    warm_up_steps: int = 300
    """So long f is drawn towards the companion's answer, with a pull that fades to nothing."""


def build_transform(names: tuple[TransformName, ...], seed: int) -> Transform:
    """One random element of the product of the named groups; its generator is ``.rng`` of every factor."""
    rng = torch.Generator().manual_seed(seed)
    factors: dict[TransformName, Transform] = {
        "rotate": Rotate(multiples=90, rng=rng),
        "reflect": Reflect(rng=rng),
        "mirror": Reflect(dim=[-1], rng=rng),
        "shift": Shift(rng=rng),
        "scale": Scale(rng=rng, mode="bilinear"),
        "rotate_any": Rotate(interpolation_mode=InterpolationMode.BILINEAR, rng=rng),
    }
    transform = factors[names[0]]
    for name in names[1:]:
        transform = transform * factors[name]
    return transform


def eid_losses(
    network: nn.Module,
    y: Tensor,
    *,
    rehazing: Physics,
    hazing: Physics,
    transform: Transform,
    alpha: float,
    estimate_given: bool = False,
) -> tuple[Tensor, dict[str, Tensor]]:
    """``f(y)`` with haze consistency ``||H(f(y)) - y||^2`` and equivariance ``||f(H(T f(y))) - T f(y)||^2``.

    Nothing is detached, unless ``estimate_given``: gradients reach f through both sides of both terms, as in the paper.
    ``rehazing`` lays the observed haze, ``hazing`` any haze of the family (several operators: Tachella et al. 2022).
    With one fixed operator for both, this is plain equivariant imaging (Chen et al. 2021).
    """
    x_net = network(y, rehazing)
    losses = {"consistency": MCLoss()(y=y, x_net=x_net, physics=rehazing)}
    if alpha > 0:
        start = x_net.detach() if estimate_given else x_net
        losses["equivariance"] = EILoss(transform, apply_noise=False)(x_net=start, physics=hazing, model=network)
    return x_net, losses


class EidObjective(nn.Module):
    """All terms of one step of the teacher; ``haze`` is frozen."""

    def __init__(self, network: nn.Module, haze: AnyHaze, transform: Transform, weights: EidWeights) -> None:
        super().__init__()
        self.network = network
        self.haze = haze.eval().requires_grad_(False)
        self.transform = transform
        self.weights = weights

    def forward(self, batch: UnpairedBatch, step: int) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """Estimate of the clear picture, weighted sum of the losses, and the losses by name."""
        weights = self.weights
        x_net, losses = eid_losses(
            self.network,
            batch.hazy,
            rehazing=self.haze.rehazing(batch.hazy),
            hazing=self.haze.hazing(batch.code),
            transform=self.transform,
            alpha=weights.equivariance,
            estimate_given=weights.estimate_given,
        )
        total = losses["consistency"] + weights.equivariance * losses.get("equivariance", x_net.new_zeros(()))
        if weights.identity > 0:
            losses["identity"] = F.mse_loss(self.network(batch.clear, self.haze), batch.clear)
            total = total + weights.identity * losses["identity"]
        if step < weights.warm_up_steps:
            pull = 1.0 - step / weights.warm_up_steps
            losses["warm_up"] = F.mse_loss(x_net, self.haze.A_dagger(batch.hazy).clamp(0, 1))
            total = total + pull * losses["warm_up"]
        return x_net, total, losses
