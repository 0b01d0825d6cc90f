"""The memory's network in torch: what ``eid_stream.dehazing.memory.memory_network`` runs in NumPy."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from eid_stream.dehazing.memory import memory_network as runtime
from eid_stream.dehazing.memory.network_input import CHANNELS

WIDTH = 48
DILATIONS = (1, 2, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Cleared:
    """Cells after the correction: means (b, 3, h, w) and deviations (b, 3, h, w) of Y', Cb, Cr."""

    mean: Tensor
    deviation: Tensor


class MemoryNetwork(nn.Module):
    """Input (b, CHANNELS, ROWS, COLUMNS) to answers by cell (b, 9, ROWS, COLUMNS) and for the whole picture (b, 6)."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(CHANNELS, WIDTH, 1)
        self.layers = nn.ModuleList(
            nn.Conv2d(WIDTH, WIDTH, 3, padding=d, dilation=d, padding_mode="replicate") for d in DILATIONS
        )
        self.pooled = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in DILATIONS)
        self.cells = nn.Conv2d(WIDTH, runtime.CELL_ANSWERS, 1)
        self.whole = nn.Linear(WIDTH, runtime.WHOLE_ANSWERS)
        for last in (self.cells, self.whole):
            nn.init.normal_(last.weight, std=0.01)
            assert last.bias is not None
            nn.init.zeros_(last.bias)

    def forward(self, shown: Tensor) -> tuple[Tensor, Tensor]:
        """Answers, before ``memory_network`` understands them."""
        content = shown[:, 4:5]
        share = content / content.sum((2, 3), keepdim=True).clamp_min(1e-3)
        h = functional.relu(self.first(shown))
        for layer, pooled in zip(self.layers, self.pooled, strict=True):
            mean = (h * share).sum((2, 3))
            h = h + functional.relu(layer(h) + pooled(mean)[:, :, None, None])
        return self.cells(h), self.whole((h * share).sum((2, 3)))


def cleared(
    cells: Tensor, whole: Tensor, engine: Tensor, mean: Tensor, variance: Tensor, content: Tensor, kept: Tensor
) -> Cleared:
    """What the answers make of cells; the same as ``memory_network.Answer.maps`` makes of a picture.

    ``engine``: its maps by cell (b, 5, ROWS, COLUMNS). ``kept``: the registered clear view (b, 4, ROWS, COLUMNS), mean
    less that of what is seen, times its content; and that content.
    """
    sure = ((torch.sigmoid(cells[:, 0]) - runtime.SURE[0]) / (runtime.SURE[1] - runtime.SURE[0])).clamp(0.0, 1.0)
    gains, offsets = _weakened(engine, sure * torch.sigmoid(cells[:, 1]))
    opacity = sure * runtime.MOST_OPACITY * torch.sigmoid(cells[:, 2] - 1.0)
    grey = (opacity + sure * runtime.MORE_CHROMA * torch.tanh(cells[:, 3])).clamp(0.0, runtime.MOST_OPACITY)
    airlight = engine.new_tensor(runtime.AIRLIGHT)[:, None, None] + engine.new_tensor(runtime.AIRLIGHT_REACH)[
        :, None, None
    ] * torch.tanh(cells[:, 4:7])
    second = 1.0 / (1.0 - torch.stack([opacity, grey, grey], 1))
    gains, offsets = second * gains, second * offsets + airlight * (1.0 - second)
    seen, mean, deviation = mean, gains * mean + offsets, gains * (variance + 1e-8).sqrt()
    recalled = sure[:, None] * torch.sigmoid(cells[:, [7, 8, 8]])
    mean = mean + recalled * (kept[:, :3] + kept[:, 3:] * (seen - mean))
    share = content / content.sum((1, 2), keepdim=True).clamp_min(1e-3)
    somewhere = 1.0 - torch.exp(-(sure * share).sum((1, 2)) / runtime.SOMEWHERE)
    step = somewhere[:, None] * torch.tanh(whole[:, :5]) * engine.new_tensor(runtime.WHOLE_REACH)
    last = step[:, [3, 4, 4]].exp()[:, :, None, None]
    middle = (mean * share[:, None]).sum((2, 3), keepdim=True)
    mean = last * (mean - middle) + middle + step[:, :3, None, None]
    return Cleared(mean, last * deviation)


def _weakened(engine: Tensor, share: Tensor) -> tuple[Tensor, Tensor]:
    """Gains and offsets of Y', Cb, Cr that take ``share`` (b, h, w) of the engine's opacity away."""
    gain, offset = engine[:, [0, 2, 2]], engine[:, [1, 3, 4]]
    less = 1.0 / (1.0 - share[:, None] * (1.0 - 1.0 / gain))
    added = gain - 1.0
    plain = added.abs() < 1e-3
    ratio = torch.where(plain, share[:, None].expand_as(gain), (less - 1.0) / torch.where(plain, 1.0, added))
    return less, offset * ratio


def squared_error(shown: Cleared, mean: Tensor, variance: Tensor, content: Tensor) -> Tensor:
    """(b,): what the squared error in RGB of all pixels would be, were detail only weaker or stronger, never other."""
    weight = content / content.sum((1, 2), keepdim=True).clamp_min(1e-3)
    wrong = (_energy(shown.mean - mean) * weight).sum((1, 2))
    spread = shown.deviation - (variance + 1e-8).sqrt()
    return wrong + (_spread_energy(spread) * weight).sum((1, 2))


def _energy(difference: Tensor) -> Tensor:
    y, cb, cr = difference.unbind(1)
    return ((y + 1.5748 * cr) ** 2 + (y - 0.1873 * cb - 0.4681 * cr) ** 2 + (y + 1.8556 * cb) ** 2) / 3.0


def _spread_energy(spread: Tensor) -> Tensor:
    """Of planes that vary by themselves: the mean of the squared rows of the matrix above."""
    y, cb, cr = (spread**2).unbind(1)
    return y + (1.8556**2 + 0.1873**2) / 3.0 * cb + (1.5748**2 + 0.4681**2) / 3.0 * cr
