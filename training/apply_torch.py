"""The correction in torch: the same definition as ``eid_stream.apply``, differentiable."""

from torch import Tensor
from torch.nn import functional as F

from eid_stream.haze_maps import GAIN_CHROMA, GAIN_LUMA, OFFSET_CB, OFFSET_CR, OFFSET_Y


def apply_maps(ycbcr: Tensor, maps: Tensor, strength: float = 1.0) -> Tensor:
    """Correct Y'CbCr pictures (n, 3, h, w) by maps (n, 5, grid_height, grid_width) that span them.

    Bilinear with aligned corners, as in ``eid_stream.apply``. Nothing is clipped: losses need the slopes.
    """
    cells = F.interpolate(maps, ycbcr.shape[2:], mode="bilinear", align_corners=True)
    gain = cells[:, [GAIN_LUMA, GAIN_CHROMA, GAIN_CHROMA]]
    offset = cells[:, [OFFSET_Y, OFFSET_CB, OFFSET_CR]]
    return ycbcr + strength * ((gain - 1.0) * ycbcr + offset)
