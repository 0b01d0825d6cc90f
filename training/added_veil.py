"""One more veil before what is behind the veil that is seen already."""

import torch
from torch import Tensor

from eid_stream.haze_maps import T_MIN


def with_veil(opacity: Tensor, airlight: Tensor, veil: Tensor, light: Tensor) -> tuple[Tensor, Tensor]:
    """Opacity and airlight of both veils as one, in the shapes given; chroma's own opacity stays as it is.

    By cell of the grid: ``opacity`` (n, 2 or 3, h, w) in [0, 1 - T_MIN] of luma, chroma and the veil where that has its
    own, ``airlight`` (n, 3, h, w) in Y'CbCr; ``veil`` (n, 1, h, w) in [0, 1] the opacity of what is added, ``light``
    the luma of its airlight, (n, 1, h, w) or (n, 1, 1, 1).
    """
    luma = opacity[:, :1]
    added = (1.0 - luma) * veil
    brightness = airlight[:, :1] + (light - airlight[:, :1]) * added / (luma + added + 1e-6)
    parts = [luma + added, opacity[:, 1:2]]
    if opacity.shape[1] > 2:
        parts.append(opacity[:, 2:] + added)
    return torch.cat(parts, 1).clamp(max=1.0 - T_MIN), torch.cat([brightness, airlight[:, 1:]], 1)
