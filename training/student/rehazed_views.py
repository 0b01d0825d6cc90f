"""Equivariance for the student: what it cleared is turned, hazed by the learned H, and shown to it again (EID)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from training.eid.haze_networks import CODE_LENGTH
from training.eid.haze_operator import ScatteringHaze
from training.network.colour import Matrices, convert
from training.network.correction import apply_maps
from training.network.student import Student
from training.student.self_ensemble import TURNS


@dataclass(frozen=True, slots=True, eq=False)
class SecondLook:
    """Turned estimates T f(y) and what H makes of them, RGB (n, 3, h, w), and where the scene is (n, 1, h, w)."""

    clear: Tensor
    hazy: Tensor
    content: Tensor

    def to(self, device: torch.device) -> "SecondLook":
        """The same on a device."""
        return SecondLook(self.clear.to(device), self.hazy.to(device), self.content.to(device))


@torch.no_grad()
def look_again(
    student: Student,
    haze: ScatteringHaze,
    rgb: Tensor,
    content: Tensor,
    matrices: Matrices,
    rng: torch.Generator,
) -> SecondLook:
    """T f(y) and H(T f(y)) of hazy RGB (n, 3, h, w), f being ``student`` in eval mode, H with haze drawn at random.

    No gradient flows through f(y): the running average of the student is the one that answers, so that flattening
    the estimate cannot lower the loss.
    """
    ycbcr = convert(rgb, matrices.to_ycbcr)
    maps, _ = student(ycbcr)
    turn = TURNS[int(torch.randint(len(TURNS), (), generator=rng))]
    cleared = convert(apply_maps(ycbcr, maps), matrices.to_rgb).clamp(0.0, 1.0).flip(turn)
    code = torch.randn(len(rgb), CODE_LENGTH, generator=rng).to(rgb.device)
    content = content.flip(turn)
    hazed = haze.A(cleared, code).clamp(0.0, 1.0)
    return SecondLook(cleared, torch.where(content > 0, hazed, cleared), content)
