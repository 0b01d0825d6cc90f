"""The running average of a network's weights, which is what is kept of a training run."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

Averaging = Callable[[Sequence[Tensor], Sequence[Tensor], Tensor | int], None]


def averaged(network: nn.Module, decay: float) -> AveragedModel:
    """The average of ``network``; ``update_parameters`` adds what it has become.

    The decay grows to ``decay`` as (1 + n) / (10 + n) after n updates, as in TensorFlow's moving averages: with a fixed
    0.998 a run of 700 steps would keep a quarter of the weights it was born with.
    """
    return AveragedModel(network, multi_avg_fn=_averaging(decay))


def _averaging(decay: float) -> Averaging:
    @torch.no_grad()
    def update(kept: Sequence[Tensor], current: Sequence[Tensor], count: Tensor | int) -> None:
        share = 1.0 - min(decay, (1.0 + float(count)) / (10.0 + float(count)))
        for average, now in zip(kept, current, strict=True):
            if average.is_floating_point():
                average.lerp_(now.to(average.dtype), share)
            else:
                average.copy_(now)

    return update
