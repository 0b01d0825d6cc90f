"""Equivariance for the student: what it cleared is turned, hazed by the learned H, and shown to it again (EID)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from training.eid.haze_networks import CODE_LENGTH
from training.eid.haze_operator import ScatteringHaze
from training.network.colour import convert, ycbcr_to_rgb
from training.network.correction import apply_maps
from training.network.student import Sight, maps_of
from training.student.mean_teacher import TURNS


@dataclass(frozen=True, slots=True, eq=False)
class RehazedViews:
    """Turned estimates T f(y) and what H makes of them, RGB (n, 3, h, w), and where the scene is (n, 1, h, w)."""

    clear: Tensor
    hazy: Tensor
    content: Tensor


@torch.no_grad()
def rehaze(sight: Sight, haze: ScatteringHaze, ycbcr: Tensor, content: Tensor, seed: int) -> RehazedViews:
    """T f(y) and H(T f(y)) of hazy Y'CbCr (n, 3, h, w), f being who saw ``sight`` in it, H with haze drawn at random.

    No gradient flows through f(y): the running average of the student is the one that answers, so that flattening
    the estimate cannot lower the loss.
    """
    rng = torch.Generator().manual_seed(seed)
    turn = TURNS[int(torch.randint(len(TURNS), (), generator=rng))]
    corrected = apply_maps(ycbcr, maps_of(sight.opacity, sight.airlight))
    cleared = convert(corrected, ycbcr_to_rgb(1)).clamp(0.0, 1.0).flip(turn)
    code = torch.randn(len(ycbcr), CODE_LENGTH, generator=rng).to(ycbcr.device)
    content = content.flip(turn)
    hazed = haze.A(cleared, code).clamp(0.0, 1.0)
    return RehazedViews(cleared, torch.where(content > 0, hazed, cleared), content)
