"""Losses of unpaired adversarial learning of the haze operator (LSGAN, cycle, identity)."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from deepinv.loss.adversarial import UnsupAdversarialDiscriminatorLoss, UnsupAdversarialGeneratorLoss
from deepinv.models import PatchGANDiscriminator
from torch import Tensor, nn

from training.data.unpaired_frames import UnpairedBatch
from training.eid.haze_operator import AnyHaze, ScatteringHaze
from training.smoke.veil import Veil


class Translations(NamedTuple):
    """What one step makes: hazy pictures of the clear ones, clear ones of the hazy, and both cycles."""

    hazed: Tensor
    cleared: Tensor
    losses: dict[str, Tensor]


class ReplayBuffer:
    """Shows a discriminator older fakes half of the time, so that it does not chase the newest (Shrivastava 2017)."""

    def __init__(self, capacity: int, seed: int) -> None:
        self._kept: list[Tensor] = []
        self._capacity = capacity
        self._rng = torch.Generator().manual_seed(seed)

    def exchange(self, fakes: Tensor) -> Tensor:
        """Keep these fakes (batch, ...), give back as many: new ones, or older ones in exchange."""
        return torch.stack([self._exchange_one(fake) for fake in fakes.detach()])

    def _exchange_one(self, fake: Tensor) -> Tensor:
        if len(self._kept) < self._capacity:
            self._kept.append(fake)
            return fake
        if torch.rand((), generator=self._rng) < 0.5:
            return fake
        place = int(torch.randint(self._capacity, (), generator=self._rng))
        old, self._kept[place] = self._kept[place], fake
        return old


class Discriminators(nn.Module):
    """Two PatchGANs that tell real from made: one for hazy pictures, one for clear ones.

    Without batch norm: it would let a discriminator judge a batch as a whole. deepinv's networks and LSGAN losses.
    """

    def __init__(self, width: int = 64, layers: int = 3) -> None:
        super().__init__()
        self.hazy = PatchGANDiscriminator(3, ndf=width, n_layers=layers, batch_norm=False)
        self.clear = PatchGANDiscriminator(3, ndf=width, n_layers=layers, batch_norm=False)

    def forward(self, batch: UnpairedBatch, hazed: Tensor, cleared: Tensor) -> Tensor:
        """LSGAN loss of both: real pictures against fakes."""
        loss = UnsupAdversarialDiscriminatorLoss(device=hazed.device)
        total: Tensor = loss(batch.hazy, hazed, D=self.hazy) + loss(batch.clear, cleared, D=self.clear)
        return total

    def fooled(self, batch: UnpairedBatch, hazed: Tensor, cleared: Tensor) -> Tensor:
        """LSGAN loss of the generators: how well fakes pass for real."""
        loss = UnsupAdversarialGeneratorLoss(device=hazed.device)
        total: Tensor = loss(batch.hazy, hazed, D=self.hazy) + loss(batch.clear, cleared, D=self.clear)
        return total


def translate(haze: AnyHaze, batch: UnpairedBatch) -> Translations:
    """Both translations of a batch with their cycle and identity losses (all L1, pictures in [0, 1])."""
    return _with_veils(haze, batch) if isinstance(haze, ScatteringHaze) else _with_pictures(haze, batch)


def _with_veils(haze: ScatteringHaze, batch: UnpairedBatch) -> Translations:
    laid = haze.draw_veil(batch.clear, batch.code)
    hazed = laid.over(batch.clear).clamp(0, 1)
    # The estimator learns from a veil that is known; the generator must not learn to please it, hence detach.
    seen = haze.veil_of(hazed.detach())
    veil_of_hazy, veil_of_clear = haze.veil_of(batch.hazy), haze.veil_of(batch.clear)
    cleared = veil_of_hazy.lifted_from(batch.hazy)
    losses = {
        "cycle": F.l1_loss(seen.lifted_from(hazed.detach()).clamp(-0.2, 1.2), batch.clear),
        "veil": _veil_distance(seen, laid.detach()),
        # Re-hazing the *clipped* estimate gives the observation back only where nothing was crushed to black or white.
        "range": F.l1_loss(veil_of_hazy.over(cleared.clamp(0, 1)), batch.hazy),
        "identity": F.l1_loss(veil_of_clear.lifted_from(batch.clear).clamp(-0.2, 1.2), batch.clear),
    }
    return Translations(hazed, cleared.clamp(0, 1), losses)


def _veil_distance(seen: Veil, laid: Veil) -> Tensor:
    airlight = (1.0 - laid.transmission) * (seen.airlight - laid.airlight).abs()
    return F.l1_loss(seen.transmission, laid.transmission) + airlight.mean()


def _with_pictures(haze: AnyHaze, batch: UnpairedBatch) -> Translations:
    hazed, cleared = haze.A(batch.clear), haze.A_dagger(batch.hazy)
    losses = {
        "cycle": F.l1_loss(haze.A_dagger(hazed), batch.clear) + F.l1_loss(haze.A(cleared), batch.hazy),
        # CycleGAN would also have H leave hazy pictures alone: then f = identity solves both of EID's equations.
        "identity": F.l1_loss(haze.A_dagger(batch.clear), batch.clear),
    }
    return Translations(hazed, cleared, losses)
