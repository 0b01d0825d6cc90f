"""One more veil before what is behind the veil that is seen already."""

import torch
from torch import Tensor

from eid_stream.core.haze_maps import T_MIN


def with_veil(opacity: Tensor, airlight: Tensor, veil: Tensor, light: Tensor) -> tuple[Tensor, Tensor]:
    """Opacity and airlight of both veils as one, in the shapes given; chroma's own opacity stays as it is.

    By cell of the grid: ``opacity`` (n, 2 or 3, h, w) in [0, 1 - T_MIN] of luma, chroma and the veil where that has its
    own (what is added to it then is taken from chroma, too), ``airlight`` (n, 3, h, w) in Y'CbCr; ``veil`` (n, 1, h, w)
    in [0, 1] the opacity of what is added, of which no more is than luma's limit allows; ``light`` the luma of its
    airlight, (n, 1, h, w) or (n, 1, 1, 1).
    """
    luma, chroma = opacity[:, :1], opacity[:, 1:2]
    added = torch.minimum((1.0 - luma) * veil, 1.0 - T_MIN - luma)
    both, seen = [luma + added, chroma], luma
    if opacity.shape[1] > 2:
        seen = opacity[:, 2:]
        both.append(seen + added)
    brightness = airlight[:, :1] + (light - airlight[:, :1]) * added / (seen + added + 1e-6)
    return torch.cat(both, 1).clamp(0.0, 1.0 - T_MIN), torch.cat([brightness, airlight[:, 1:]], 1)
