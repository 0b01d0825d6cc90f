"""What an engine of the runtime sees in small pictures, and what its maps make of them."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from eid_stream.core.interfaces import Engine
from eid_stream.core.thumbnail import Area, Thumbnail
from training.data.picture_cache import Picture
from training.data.views import plain_view
from training.network.colour import convert, rgb_to_ycbcr, ycbcr_to_rgb
from training.network.correction import apply_maps


def density_seen(engine: Engine, picture: Picture) -> float:
    """Haze that the engine sees in a picture, in [0, 1]."""
    return engine.estimate(_thumbnail(_ycbcr(torch.from_numpy(plain_view(picture).rgb)[None]))).density


def cleared(engine: Engine, rgb: Tensor) -> tuple[Tensor, Tensor]:
    """RGB (n, 3, h, w) on the thumbnail's canvas as the engine corrects it, and the densities (n,) it sees."""
    pictures, densities = [], []
    for one in torch.split(rgb, 1):
        ycbcr = _ycbcr(one)
        maps = engine.estimate(_thumbnail(ycbcr))
        corrected = apply_maps(ycbcr, torch.from_numpy(np.array(maps.values))[None])
        pictures.append(convert(corrected, ycbcr_to_rgb(1)).clamp(0.0, 1.0))
        densities.append(maps.density)
    return torch.cat(pictures), torch.tensor(densities)


def _ycbcr(rgb: Tensor) -> Tensor:
    return convert(rgb, rgb_to_ycbcr(1))


def _thumbnail(ycbcr: Tensor) -> Thumbnail:
    values: NDArray[np.float32] = np.ascontiguousarray(ycbcr[0].numpy(), np.float32)
    return Thumbnail(values, Area(0, 0, values.shape[2], values.shape[1]))
