"""The veil: what lies between camera and scene in the scattering model, as torch tensors."""

from dataclasses import dataclass

import torch
from torch import Tensor

from eid_stream.core.haze_maps import T_MIN

VEIL_T_MIN = T_MIN
"""Smallest transmission, that of the haze maps: denser smoke holds no signal to bring back."""
AIRLIGHT_RANGE = (0.3, 1.1)
"""Brightness of the airlight: Cholec80's smoky frames are dim (0.4 to 0.6), robotic cameras hold it near white."""
TINT = 0.08
"""How far red and blue of the airlight may lie from its green."""


@dataclass(frozen=True, slots=True, eq=False)
class Veil:
    """Transmission (batch, 1, h, w) in [VEIL_T_MIN, 1] and airlight RGB (batch, 3, h, w), both smooth."""

    transmission: Tensor
    airlight: Tensor

    def over(self, clear: Tensor) -> Tensor:
        """Hazy picture ``J t + A (1 - t)`` (He et al. 2009, eq. 1)."""
        return clear * self.transmission + self.airlight * (1.0 - self.transmission)

    def lifted_from(self, hazy: Tensor) -> Tensor:
        """The exact inverse of ``over``, not clipped."""
        return (hazy - self.airlight * (1.0 - self.transmission)) / self.transmission

    def detach(self) -> "Veil":
        """The same veil without gradients."""
        return Veil(self.transmission.detach(), self.airlight.detach())

    @classmethod
    def none(cls, picture: Tensor) -> "Veil":
        """The veil that changes nothing."""
        return cls(torch.ones_like(picture[:, :1]), torch.ones_like(picture))
