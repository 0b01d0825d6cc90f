"""The student: a small convolutional network from thumbnail to haze maps."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from eid_stream.core.content_area import BLACK
from training.network.colour import ycbcr_to_rgb
from training.network.opacity import mean_inside, opacity_of
from training.network.trunk import CHANNELS, Trunk

HAZE_FEATURES = 4
STRIDE = 8
"""Thumbnail pixels per grid cell."""
AIRLIGHT_LUMA_RANGE = (0.0, 1.1)
AIRLIGHT_CHROMA_LIMIT = 0.25


@dataclass(frozen=True, slots=True)
class StudentShape:
    """How large a student is."""

    fine: int = 32
    """Channels at one cell of the grid."""
    coarse: int = 64
    """Channels at two by two cells."""
    fine_blocks: int = 1
    coarse_blocks: int = 1


class Student(nn.Module):
    """Thumbnail Y'CbCr of BT.709 (n, 3, h, w) to haze maps (n, 5, h / 8, w / 8) and density (n,); h, w % 16 == 0.

    Each cell gets opacities of luma and chroma, in [0, 1 - T_MIN], and an airlight (``maps_of``). Opacity zero is
    identity whatever the airlight is. The density is the mean opacity over the content.
    """

    def __init__(self, shape: StudentShape | None = None) -> None:
        super().__init__()
        self.shape = shape = shape or StudentShape()
        self.trunk = Trunk()
        self.fine = Level(CHANNELS.at_4 + HAZE_FEATURES, CHANNELS.at_8, shape.fine, shape.fine_blocks)
        self.coarse = Level(shape.fine, CHANNELS.at_16, shape.coarse, shape.coarse_blocks)
        self.overview = nn.Sequential(nn.Linear(2 * shape.coarse, shape.coarse), nn.ReLU())
        self.context = nn.Linear(shape.coarse, shape.coarse)
        self.narrow = nn.Conv2d(shape.coarse, shape.fine, 1)
        self.refine = Residual(shape.fine)
        self.head = nn.Conv2d(shape.fine, 5, 1)
        self.halving: Tensor
        # Means of two by two pixels, R, G, B and Y: one convolution takes less time than a pooling and a conversion.
        to_rgby = torch.cat([ycbcr_to_rgb(1), torch.tensor([[1.0, 0.0, 0.0]])])
        self.register_buffer("halving", to_rgby[:, :, None, None].repeat(1, 1, 2, 2) / 4.0, persistent=False)

    def forward(self, thumbnail: Tensor) -> tuple[Tensor, Tensor]:
        """Haze maps and density, as exported."""
        sight = self.see(thumbnail)
        density = mean_inside(sight.opacity[:, :1], sight.content).clamp(0.0, 1.0)
        return maps_of(sight.opacity, sight.airlight), density

    def see(self, thumbnail: Tensor, at_4: Tensor | None = None) -> "Sight":
        """Everything the network sees in thumbnails; ``at_4`` is what the trunk's first stages say, where known."""
        # A convolution, not an einsum: ONNX Runtime 1.31 crashes while it loads an einsum with an ellipsis.
        halved = F.conv2d(thumbnail, self.halving, stride=2)
        features = self.trunk(thumbnail, at_4)
        fine = self.fine(torch.cat([features.at_4, _haze_features(halved)], 1), features.at_8)
        coarse = self.coarse(fine, features.at_16)
        overview = self.overview(torch.cat([coarse.mean((2, 3)), coarse.amax((2, 3))], dim=1))
        coarse = F.relu(coarse + self.context(overview)[:, :, None, None])
        narrow = F.interpolate(self.narrow(coarse), scale_factor=2.0, mode="bilinear", align_corners=False)
        cells = self.head(self.refine(F.relu(fine + narrow))).float()
        luma = cells[:, :1] - 2.0
        logits = torch.cat([luma, luma + cells[:, 1:2]], dim=1)
        return Sight(opacity_of(logits), _airlight(cells[:, 2:]), logits, _content(halved[:, 3:]))


class Sight(NamedTuple):
    """What the student sees in n thumbnails, by cell of the grid."""

    opacity: Tensor
    """(n, 2, grid), of luma and chroma."""
    airlight: Tensor
    """(n, 3, grid), Y'CbCr."""
    logits: Tensor
    """Of the opacities, same shape; they tell also how far off a cell is that counts as clear."""
    content: Tensor
    """(n, 1, grid): the share of a cell that is not black."""


class Level(nn.Module):
    """One size of the grid: the level above at half its size, the trunk's features of this size, residual blocks."""

    def __init__(self, above: int, trunk: int, channels: int, blocks: int) -> None:
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(above, channels, 3, 2, 1, bias=False), nn.BatchNorm2d(channels))
        self.across = nn.Sequential(nn.Conv2d(trunk, channels, 1, bias=False), nn.BatchNorm2d(channels))
        self.blocks = nn.Sequential(*(Residual(channels) for _ in range(blocks)))

    def forward(self, above: Tensor, features: Tensor) -> Tensor:
        """(n, above, 2 h, 2 w) and (n, trunk, h, w) to (n, channels, h, w)."""
        x: Tensor = self.blocks(F.relu(self.down(above) + self.across(features)))
        return x


class Residual(nn.Module):
    """Two convolutions around which the input flows."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _convolution(channels, channels)
        self.second = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as ``x``."""
        return F.relu(x + self.second(self.first(x)))


def maps_of(opacity: Tensor, airlight: Tensor) -> Tensor:
    """Maps (n, 5, h, w) of opacities (n, 2, h, w), of luma and chroma, and airlight (n, 3, h, w) in Y'CbCr.

    J = (I - A (1 - t)) / t with 1 - t the opacity (He et al. 2009, eq. 1).
    """
    gain = 1.0 / (1.0 - opacity)
    taken = opacity * gain
    offset_y, offset_chroma = -airlight[:, :1] * taken[:, :1], -airlight[:, 1:] * taken[:, 1:]
    return torch.cat([gain[:, :1], offset_y, gain[:, 1:], offset_chroma], dim=1)


def _haze_features(halved: Tensor) -> Tensor:
    """What haze changes, (n, HAZE_FEATURES, h / 4, w / 4), from R, G, B and Y of half the thumbnail's size.

    The dark channel (He et al. 2009, eq. 5) in a wide and in a narrow window, saturation, and local contrast.
    """
    red, green, blue, luma = halved.chunk(4, dim=1)
    darkest, brightest = _darkest(halved), torch.maximum(torch.maximum(red, green), blue)
    wide, narrow = _dark_channel(darkest), -F.max_pool2d(-darkest, 2)
    saturation = F.avg_pool2d((brightest - darkest) / (brightest + 0.1), 2)
    # Deviations are squared, not values: the difference of two means of squares is lost in half precision.
    deviation = luma - F.interpolate(F.avg_pool2d(luma, 2), scale_factor=2.0, mode="nearest")
    variance = F.avg_pool2d(deviation * deviation, 2)
    return torch.cat([2.0 * wide - 1.0, 2.0 * narrow - 1.0, 2.0 * saturation - 1.0, 8.0 * (variance + 1e-5).sqrt()], 1)


def _darkest(halved: Tensor) -> Tensor:
    """The least of R, G and B, (n, 1, h / 2, w / 2)."""
    red, green, blue, _ = halved.chunk(4, dim=1)
    # Of two at a time: ONNX Runtime takes ten times as long for the extremes over an axis.
    return torch.minimum(torch.minimum(red, green), blue)


def _dark_channel(darkest: Tensor) -> Tensor:
    """The least of them in windows of 12 by 12 thumbnail pixels, (n, 1, h / 4, w / 4)."""
    return -F.max_pool2d(-darkest, 6, stride=2, padding=2)


def _content(luma: Tensor) -> Tensor:
    """What is not black in luma of half the thumbnail's size, by cell."""
    return F.avg_pool2d((luma > BLACK).float(), STRIDE // 2)


def _airlight(cells: Tensor) -> Tensor:
    low, high = AIRLIGHT_LUMA_RANGE
    luma = low + (high - low) * torch.sigmoid(cells[:, :1])
    return torch.cat([luma, AIRLIGHT_CHROMA_LIMIT * torch.tanh(cells[:, 1:])], dim=1)


def _convolution(inputs: int, outputs: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    padding = 1 if size == 3 else 0
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, padding, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )
