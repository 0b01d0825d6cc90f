"""The trunk: the first stages of a network that knows pictures in general, from which the student takes its features.

EfficientNet-Lite0 (Tan & Le, ICML 2019; Google 2020), as trained on ImageNet, up to a sixteenth of the picture's size.
What a gauze, a bag or a glossy organ is, one cannot learn from a few hundred endoscopic frames. Its blocks are thinner
than they were: ``training.experiments.prune_trunk``.
"""

from pathlib import Path
from typing import NamedTuple

from torch import Tensor, nn

from training.checkpoint import load_checkpoint
from training.network.imagenet import BLOCKS, InvertedResidual

PRUNED = Path(__file__).parents[1] / "checkpoints" / "trunk" / "trunk.safetensors"
WIDTHS = (32, 48, 80, 96, 160, 160, 320, 320)
"""Channels that each block keeps of those it is widened to: multiples of sixteen, in which a CPU computes them."""


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

    It has no batch norms, they are folded into the convolutions from the beginning; and ReLU for ReLU6, for which ONNX
    Runtime would pass over the features once more.
    """

    def __init__(self) -> None:
        super().__init__()
        blocks = [InvertedResidual(*b._replace(wide=width)) for b, width in zip(BLOCKS, WIDTHS, strict=True)]
        first = (nn.Conv2d(3, BLOCKS[0].inputs, 3, stride=2, padding=1), nn.ReLU())
        self.to_4 = nn.Sequential(*first, *blocks[:3]).requires_grad_(False)
        self.to_8 = nn.Sequential(*blocks[3:5])
        self.to_16 = nn.Sequential(*blocks[5:])

    def forward(self, thumbnail: Tensor, at_4: Tensor | None = None) -> Features:
        """Features of Y'CbCr (n, 3, h, w), h and w in multiples of 16; ``at_4`` where they are known already."""
        if at_4 is None:
            at_4 = self.to_4(thumbnail)
        at_8 = self.to_8(at_4)
        return Features(at_4, at_8, self.to_16(at_8))

    def begin_as_on_imagenet(self) -> None:
        """Take the weights that pruning left.

        Raises:
            ConfigError: the checkpoint is missing.
        """
        self.load_state_dict(load_checkpoint(PRUNED)[0])
