"""The correction in torch: the same definition as ``eid_stream.dehazing.plane_correction``, differentiable."""

import torch
from torch import Tensor
from torch.nn import functional as F

from eid_stream.core.haze_maps import GAIN_CHROMA, GAIN_LUMA, OFFSET_CB, OFFSET_CR, OFFSET_Y


def apply_maps(ycbcr: Tensor, maps: Tensor, strength: float = 1.0) -> Tensor:
    """Correct Y'CbCr pictures (n, 3, h, w) by maps (n, 5, grid_height, grid_width) that span them.

    Bilinear with aligned corners, as in ``eid_stream.dehazing.plane_correction``. Nothing is clipped,
    neither to the range nor to the light that pixels keep: losses need the slopes.
    """
    gain = maps[:, [GAIN_LUMA, GAIN_CHROMA, GAIN_CHROMA]] - 1.0
    offset = maps[:, [OFFSET_Y, OFFSET_CB, OFFSET_CR]]
    changes = F.interpolate(torch.cat([gain, offset], 1), ycbcr.shape[2:], mode="bilinear", align_corners=True)
    return ycbcr + strength * (changes[:, :3] * ycbcr + changes[:, 3:])


def quarter(pictures: Tensor) -> Tensor:
    """Means of four by four pixels of (n, c, h, w)."""
    return F.avg_pool2d(pictures, 4)
