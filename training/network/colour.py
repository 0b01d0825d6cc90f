"""R'G'B' to Y'CbCr and back in torch, for the two matrices that endoscopic video comes in."""

from dataclasses import dataclass

import torch
from torch import Tensor

LUMA_WEIGHTS = {6: (0.299, 0.587, 0.114), 1: (0.2126, 0.7152, 0.0722)}
"""Luma weights of R, G, B by matrix code point of ITU-T H.273: 6 = BT.601, 1 = BT.709."""


@dataclass(frozen=True, slots=True, eq=False)
class Matrices:
    """RGB to Y'CbCr and back, (n, 3, 3) each."""

    to_ycbcr: Tensor
    to_rgb: Tensor

    def to(self, device: torch.device) -> "Matrices":
        """The same on a device."""
        return Matrices(self.to_ycbcr.to(device), self.to_rgb.to(device))

    def first(self, count: int) -> "Matrices":
        """Those of the first pictures."""
        return Matrices(self.to_ycbcr[:count], self.to_rgb[:count])


def rgb_to_ycbcr(matrix: int) -> Tensor:
    """Matrix (3, 3) that takes R'G'B' in [0, 1] to Y' in [0, 1], Cb and Cr in [-0.5, 0.5] (H.273, eq. 38 to 40)."""
    red, green, blue = LUMA_WEIGHTS[matrix]
    luma = torch.tensor([red, green, blue])
    cb = (torch.tensor([0.0, 0.0, 1.0]) - luma) / (2.0 * (1.0 - blue))
    cr = (torch.tensor([1.0, 0.0, 0.0]) - luma) / (2.0 * (1.0 - red))
    return torch.stack([luma, cb, cr])


def ycbcr_to_rgb(matrix: int) -> Tensor:
    """The inverse of ``rgb_to_ycbcr``, shape (3, 3)."""
    inverse: Tensor = torch.linalg.inv(rgb_to_ycbcr(matrix))
    return inverse


def convert(pictures: Tensor, matrices: Tensor) -> Tensor:
    """Multiply the channels of pictures (n, 3, h, w) by matrices (n, 3, 3) or one (3, 3), never in half precision."""
    with torch.autocast(pictures.device.type, enabled=False):
        return torch.einsum("...ij,...jhw->...ihw", matrices, pictures)
