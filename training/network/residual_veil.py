"""Haze all over a scene that the network leaves, told by how dark the scene's darker parts get.

Large parts of a scene are hardly ever without anything dark (``remaining_dark_channel.py``), and where the network sees
haze all over anyway, what is missing to dark there is haze that it overlooks. Nothing here is learned.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.network.opacity import mean_inside, smoothstep
from training.network.remaining_dark_channel import dark_left, darkest
from training.network.veil_composition import with_veil

HAZE_ALL_OVER = (0.1, 0.2)
"""How hazy a scene is up to which no veil is taken away, and from which it is in full: the mean opacity that is seen,
and the veil that the whole scene is left with."""
UNSEEN = 2.0
"""How many times the opacity seen that veil may count in this at most: what is pale and not seen as hazy is pale."""
DARKER_PART = (0.15, 0.3)
"""Quantiles of the dark channel of a region's cells between which it is averaged: the region's darker part."""
CLEAR = 0.06
"""What it is without haze, in [0, 1]."""
PALE = 2.0
"""How many times the whole scene's veil a region's may be at most: more is pale tissue, or smoke that the network sees
by itself."""
MOST = 0.3
"""Opacity of the veil at most."""
DIMMER = 0.9
"""Brightness of its airlight, relative to that of all smoke that is seen: plumes near the scope are lit more."""
LEVELS, STEP = 20, 0.02
"""Levels of the dark channel at which cells are counted, and how far they are apart."""
LIGHT_AT_LEAST = 0.3
"""Of the airlight's darkest channel, so that no veil is taken for smoke as dark as tissue."""


class ResidualVeil(nn.Module):
    """Adds to opacity and airlight of luma the veil that they leave. Has nothing to learn.

    Chroma is left out: corrected by the same veil, tissue gets more saturated and browner than clear frames of the same
    camera are.
    """

    def __init__(self) -> None:
        super().__init__()
        self.levels: Tensor
        self.register_buffer("levels", torch.arange(1.0, LEVELS + 1)[None, :, None, None], persistent=False)

    def forward(self, opacity: Tensor, airlight: Tensor, dark: Tensor, content: Tensor) -> tuple[Tensor, Tensor]:
        """Opacity and airlight with the veil, in the shapes given.

        By cell of the grid: ``opacity`` (n, 2 or 3, h, w) in [0, 1 - T_MIN] of luma, chroma and the veil where that has
        its own, ``airlight`` (n, 3, h, w) in Y'CbCr, ``dark`` (n, 1, h, w) the dark channel of the hazy picture in
        [0, 1], ``content`` (n, 1, h, w) the share of a cell that is of the scene. The veil's airlight is, a
        little dimmer, the mean of the scene's smoke.
        """
        luma = opacity[:, :1]
        seen = luma * content
        mean_light = (airlight * seen).sum((2, 3), keepdim=True) / (seen.sum((2, 3), keepdim=True) + 1e-4) * DIMMER
        around, everywhere = self._excess(dark_left(luma, airlight, dark), content)
        opaque = mean_inside(luma, content)[:, None, None, None]
        all_over = smoothstep(opaque + torch.minimum(everywhere, UNSEEN * opaque), *HAZE_ALL_OVER)
        light = darkest(mean_light).clamp(min=LIGHT_AT_LEAST)
        veil = all_over * (torch.minimum(around, PALE * everywhere) / light).clamp(max=MOST)
        return with_veil(opacity, airlight, veil, mean_light[:, :1])

    def _excess(self, dark: Tensor, content: Tensor) -> tuple[Tensor, Tensor]:
        """How much too bright darker parts are: of the regions around a cell, (n, 1, h, w), and of the whole scene."""
        below = content * (self.levels - dark / STEP).clamp(0.0, 1.0)
        scene = below.mean((2, 3), keepdim=True) / (content.mean((2, 3), keepdim=True) + 1e-3)
        # A region with little of the scene is judged as the whole scene is.
        regions = (_regions(below) + 0.05 * scene) / (_regions(content) + 0.05)
        around = F.interpolate(_darker_part(regions), dark.shape[2:], mode="bilinear", align_corners=False)
        return (around - CLEAR).clamp(min=0.0), (_darker_part(scene) - CLEAR).clamp(min=0.0)


def _regions(cells: Tensor) -> Tensor:
    """Means over regions half as high and half as wide as the picture, each half over the next."""
    height, width = cells.shape[2:]
    quarters = F.avg_pool2d(cells, (max(1, height // 4), max(1, width // 4)))
    return F.avg_pool2d(quarters, 2, 1)


def _darker_part(shares: Tensor) -> Tensor:
    """Mean of the quantiles of ``DARKER_PART``, (n, 1, h, w), of shares (n, LEVELS, h, w) of cells below each level."""
    low, high = DARKER_PART
    return STEP * ((high - shares) / (high - low)).clamp(0.0, 1.0).sum(1, keepdim=True)
