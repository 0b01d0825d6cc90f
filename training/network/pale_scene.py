"""A scene that stays pale without the haze that is seen in it is pale, not hazy: it is left as it is.

Behind smoke there is tissue, and that is dark in some channel (``remaining_dark_channel.py``). Of 824 hazy frames eight
are left paler than ``STAYS_PALE`` begins, where the network sees haze, and seven of those are of bright organs and hold
next to no smoke; a bright white scene that it takes for hazy is paler throughout. Nothing here is learned.
"""

from torch import Tensor

from training.network.opacity import smoothstep
from training.network.remaining_dark_channel import dark_left

STAYS_PALE = (0.33, 0.39)
"""Dark channel that is left where haze is seen, up to which that is believed, and from which it is none for certain."""
DENSE = (0.4, 0.5)
"""Opacity of that haze from which it is believed however pale it leaves the scene: of what lies behind dense smoke a
network sees too little, and says too little of it."""


def haze_unless_pale(opacity: Tensor, airlight: Tensor, dark: Tensor, content: Tensor) -> Tensor:
    """Opacities (n, c, h, w), the first of which are luma's, or none of them where the scene is pale instead.

    ``airlight`` (n, 3, h, w) in Y'CbCr; ``dark`` (n, 1, h, w) the dark channel of the picture in [0, 1]; ``content``
    (n, 1, h, w) tells which cells are of the scene. One answer for each picture: a white organ behind smoke stays
    behind smoke.
    """
    luma = opacity[:, :1]
    seen = luma * content
    total = seen.sum((2, 3), keepdim=True) + 1e-4
    left = (dark_left(luma, airlight, dark) * seen).sum((2, 3), keepdim=True) / total
    density = (luma * seen).sum((2, 3), keepdim=True) / total
    return opacity * (1.0 - smoothstep(left, *STAYS_PALE) * (1.0 - smoothstep(density, *DENSE)))
