"""The dark channel of a corrected picture, as haze maps would leave it: how dark its darkest places get.

The dark channel prior (He, Sun and Tang 2009): without haze, some pixel nearby is dark in some channel. Tissue, bags
and instruments break that in small windows, hardly ever in large parts of a scene.
"""

import torch
from torch import Tensor

from training.network.colour import ycbcr_to_rgb

_RED, _GREEN, _BLUE = ycbcr_to_rgb(1)[:, 1:].tolist()
"""What Cb and Cr add to luma in R, G and B."""


def dark_left(opacity: Tensor, airlight: Tensor, dark: Tensor) -> Tensor:
    """The dark channel (n, 1, h, w) without haze of luma's ``opacity`` (n, 1, h, w) and ``airlight`` (n, 3, h, w).

    ``dark`` (n, 1, h, w) is that of the hazy picture in [0, 1]; opacity is below 1, airlight in Y'CbCr.
    """
    return (dark - darkest(airlight) * opacity) / (1.0 - opacity)


def darkest(ycbcr: Tensor) -> Tensor:
    """The least of R, G and B, (n, 1, h, w), of colours (n, 3, h, w)."""
    luma, cb, cr = ycbcr.chunk(3, 1)
    # No convolution: whatever stands before one is taken to half precision (eid_stream/building/precision.py).
    red, green, blue = _RED[1] * cr, _GREEN[0] * cb + _GREEN[1] * cr, _BLUE[0] * cb
    return luma + torch.minimum(torch.minimum(red, green), blue)
