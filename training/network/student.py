"""The student: a small convolutional network from thumbnail to haze maps."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from eid_stream.core.content_area import BLACK
from training.network.colour import ycbcr_to_rgb
from training.network.opacity import mean_inside, muted, opacity_of
from training.network.pale_scene import haze_unless_pale
from training.network.residual_veil import ResidualVeil
from training.network.scattered_light import without_forward_scatter
from training.network.trunk import CHANNELS, Trunk

HAZE_FEATURES = 4
STRIDE = 8
"""Thumbnail pixels per grid cell."""
AIRLIGHT_LUMA_RANGE = (0.15, 1.1)
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
    haze_features: bool = True
    """Whether the network is shown what haze changes: dark channels, saturation and contrast (``_haze_features``)."""
    veil_apart: bool = False
    """Whether the veil's own light is told apart from what the smoke takes away; else they are bound by physics."""
    chroma_apart: bool = True
    """Whether chroma has an opacity of its own."""
    half_sight: bool = False
    """Whether only every second row and column is seen, which tells what the thumbnail's size is worth."""
    half_grid: bool = False
    """Whether maps have half as many rows and columns, which tells what the grid's size is worth."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Which rules follow what the network sees. Nothing in them is learned; to leave one out tells what it is worth."""

    pale_scene: bool = True
    """Whether haze that leaves a scene pale is none (``training/network/pale_scene.py``)."""
    residual_veil: bool = True
    """Whether haze that is overlooked is taken away, too (``training/network/residual_veil.py``)."""
    forward_scatter: bool = True
    """Whether contrast that haze scatters away comes back (``training/network/scattered_light.py``)."""
    muted_chroma: bool = True
    """Whether chroma is corrected for a little less than its opacity (``training/network/opacity.py``)."""


class Student(nn.Module):
    """Thumbnail Y'CbCr (n, 3, h, w) to haze maps (n, 5, h / 8, w / 8) and density (n,); h and w in multiples of 16.

    Each cell gets opacities of luma and chroma and of the veil, in [0, 1 - T_MIN], and an airlight (``maps_of``).
    Opacity zero is identity whatever the airlight is. The density is the mean opacity over the content.
    """

    def __init__(self, shape: StudentShape | None = None, rules: Rules | None = None) -> None:
        super().__init__()
        self.shape = shape = shape or StudentShape()
        self.rules = rules or Rules()
        self.trunk = Trunk()
        seen = CHANNELS.at_4 + (HAZE_FEATURES if shape.haze_features else 0)
        self.fine = Level(seen, CHANNELS.at_8, shape.fine, shape.fine_blocks)
        self.coarse = Level(shape.fine, CHANNELS.at_16, shape.coarse, shape.coarse_blocks)
        self.overview = nn.Sequential(nn.Linear(2 * shape.coarse, shape.coarse), nn.ReLU())
        self.context = nn.Linear(shape.coarse, shape.coarse)
        self.narrow = nn.Conv2d(shape.coarse, shape.fine, 1)
        self.refine = Residual(shape.fine)
        self.head = nn.Conv2d(shape.fine, 6 if shape.veil_apart else 5, 1)
        self.residual_veil = ResidualVeil()
        self.halving: Tensor
        # Means of two by two pixels, R, G, B and Y: one convolution takes less time than a pooling and a conversion.
        to_rgby = torch.cat([ycbcr_to_rgb(1), torch.tensor([[1.0, 0.0, 0.0]])])
        self.register_buffer("halving", to_rgby[:, :, None, None].repeat(1, 1, 2, 2) / 4.0, persistent=False)

    def forward(self, thumbnail: Tensor) -> tuple[Tensor, Tensor]:
        """Haze maps and density, as exported.

        Maps undo what the network sees, if that is not pale, the veil this leaves, and what haze all over scatters
        forward; chroma they correct a little less. The density is of the first two: that is haze, the rest its doing.
        """
        halved = self._halved(thumbnail)
        sight = self._see(thumbnail, halved)
        opacity, airlight, content, rules = sight.opacity, sight.airlight, sight.content, self.rules
        dark = -F.max_pool2d(-_dark_channel(_darkest(halved)), 2)
        if rules.pale_scene:
            opacity = haze_unless_pale(opacity, airlight, dark, content)
        if rules.residual_veil:
            opacity, airlight = self.residual_veil(opacity, airlight, dark, content)
        density = mean_inside(opacity[:, :1], content).clamp(0.0, 1.0)
        if rules.forward_scatter:
            luma = F.avg_pool2d(halved[:, 3:], STRIDE // 2)
            opacity, airlight = without_forward_scatter(opacity, airlight, luma, content)
        return maps_of(muted(opacity) if rules.muted_chroma else opacity, airlight), density

    def see(self, thumbnail: Tensor) -> "Sight":
        """Everything the network sees in thumbnails."""
        return self._see(thumbnail, self._halved(thumbnail))

    def _halved(self, thumbnail: Tensor) -> Tensor:
        # A convolution, not an einsum: ONNX Runtime 1.31 crashes while it loads an einsum with an ellipsis.
        return F.conv2d(thumbnail, self.halving, stride=2)

    def _see(self, thumbnail: Tensor, halved: Tensor) -> "Sight":
        if self.shape.half_sight:
            thumbnail, halved = _coarser(thumbnail, "nearest"), _coarser(halved, "nearest")
        features = self.trunk(thumbnail)
        above = torch.cat([features.at_4, _haze_features(halved)], 1) if self.shape.haze_features else features.at_4
        fine = self.fine(above, features.at_8)
        coarse = self.coarse(fine, features.at_16)
        overview = self.overview(torch.cat([coarse.mean((2, 3)), coarse.amax((2, 3))], dim=1))
        coarse = F.relu(coarse + self.context(overview)[:, :, None, None])
        narrow = F.interpolate(self.narrow(coarse), scale_factor=2.0, mode="bilinear", align_corners=False)
        cells = self.head(self.refine(F.relu(fine + narrow))).float()
        cells = _coarser(cells, "bilinear") if self.shape.half_grid else cells
        logits = self._logits(cells[:, :-3])
        content = _content(halved[:, 3:])
        return Sight(opacity_of(logits, content), _airlight(cells[:, -3:]), logits, content)

    def _logits(self, cells: Tensor) -> Tensor:
        luma = cells[:, :1]
        parts = [luma, luma + cells[:, 1:2] if self.shape.chroma_apart else luma]
        if self.shape.veil_apart:
            parts.append(luma + cells[:, 2:])
        return torch.cat(parts, dim=1) - 2.0


class Sight(NamedTuple):
    """What the student sees in n thumbnails, by cell of the grid."""

    opacity: Tensor
    """(n, 3, grid), of luma, chroma, and the veil; (n, 2, grid) where physics binds the veil to the others."""
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
    """Maps (n, 5, h, w) of opacities (n, 2 or 3, h, w) and airlight (n, 3, h, w): J = (I - veil airlight) / t, Y'CbCr.

    Opacities 1 - t of luma and chroma, and of the veil: what of the airlight is added. By physics the veil is 1 - t
    itself, and so it is where only two are given; three are an affine correction, which need not obey it.
    """
    gain = 1.0 / (1.0 - opacity[:, :2])
    veil = opacity[:, 2:].expand(-1, 2, -1, -1) if opacity.shape[1] > 2 else opacity
    taken = veil * gain
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


def _coarser(pictures: Tensor, mode: str) -> Tensor:
    """Pictures at their size that hold what fits into half of it."""
    return F.interpolate(F.avg_pool2d(pictures, 2), scale_factor=2.0, mode=mode)


def _airlight(cells: Tensor) -> Tensor:
    low, high = AIRLIGHT_LUMA_RANGE
    luma = low + (high - low) * torch.sigmoid(cells[:, :1])
    return torch.cat([luma, AIRLIGHT_CHROMA_LIMIT * torch.tanh(cells[:, 1:])], dim=1)


def _convolution(inputs: int, outputs: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    padding = 1 if size == 3 else 0
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, padding, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )
