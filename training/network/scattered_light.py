"""Light of the surroundings that haze all over a scene scatters into a pixel, and takes away from it.

What a scattering medium shows is light of the scene, its own veil, and light of the scene that was scattered forward on
its way, a blurred copy (Jaffe, IEEE J. Oceanic Eng. 1990; Schechner and Karpel 2005). A network of haze maps knows the
veil; without this, corrected hazy frames have less contrast than clear frames of the same operations. For haze maps the
blurred copy is one more veil, whose airlight is what the cells around show without haze. Nothing here is learned.
"""

from torch import Tensor
from torch.nn import functional as F

from training.network.opacity import ALL_OVER, mean_inside, smoothstep
from training.network.veil_composition import with_veil

SHARE = 0.15
"""Share of the light that is scattered forward, in a hazy cell of a scene with haze all over."""
HAZY_CELL = (0.0, 0.3)
"""Opacity of a cell from which that begins, and from which it is so in full."""
BRIGHT_CELL = (0.65, 0.85)
"""Luma of a cell up to which it is so, and from which nothing is taken: highlights would clip."""
DIMMER = 0.9
"""Brightness of scattered light, relative to that of the surroundings: a camera's exposure is set for the veil, and
clear frames of the same operations are a little brighter than hazy ones without it."""


def without_forward_scatter(opacity: Tensor, airlight: Tensor, luma: Tensor, content: Tensor) -> tuple[Tensor, Tensor]:
    """Opacity and airlight with that light as one more veil over luma, in the shapes given.

    By cell of the grid: ``opacity`` (n, 2 or 3, h, w) in [0, 1 - T_MIN] of luma, chroma and the veil where that has its
    own, ``airlight`` (n, 3, h, w) in Y'CbCr, ``luma`` (n, 1, h, w) of the hazy picture in [0, 1], ``content``
    (n, 1, h, w) the share of a cell that is of the scene, the rest is black. Opacity zero stays zero.
    """
    luma = (luma / (content + 1e-3)).clamp(max=1.0)
    opaque = opacity[:, :1]
    all_over = smoothstep(mean_inside(opaque, content), *ALL_OVER)[:, None, None, None]
    scattered = SHARE * all_over * smoothstep(opaque, *HAZY_CELL) * (1.0 - smoothstep(luma, *BRIGHT_CELL))
    without_haze = ((luma - opaque * airlight[:, :1]) / (1.0 - opaque)).clamp(0.0, 1.0)
    around = DIMMER * _around(without_haze * content) / (_around(content) + 1e-3)
    return with_veil(opacity, airlight, scattered, around)


def _around(cells: Tensor) -> Tensor:
    """Means over a cell and its eight neighbours."""
    return F.avg_pool2d(cells, 3, 1, 1)
