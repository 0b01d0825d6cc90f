"""How well haze maps of a kind could correct at best: maps fitted to known truth.

    python -m training.experiments.map_oracle

What a parametrisation, a grid or guidance by luma could gain shows here in minutes, before any training.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Literal, get_args

import torch
from torch import Tensor
from torch.nn import functional as F

from eid_stream.core.haze_maps import OFFSET_LIMIT, T_MIN
from training.command import run_command
from training.data.frames import data_folder, read_frame_list
from training.data.picture_cache import load_pictures
from training.network.colour import convert, rgb_to_ycbcr, ycbcr_to_rgb
from training.student.train_student import use_threads
from training.student.validation import DENSITIES, ValidationSet, make_validation_set, psnr

Parametrisation = Literal["physical", "physical with chroma", "affine"]
GRIDS = ((12, 16), (24, 32), (48, 64))
STEPS = 150


@dataclass(frozen=True, slots=True)
class MapKind:
    """A kind of haze maps: its parametrisation, grid (rows, columns), and luma levels that differ (1: no guidance)."""

    parametrisation: Parametrisation
    grid: tuple[int, int]
    levels: int = 1


def fit(kind: MapKind, hazy: Tensor, clear: Tensor, steps: int = STEPS) -> Tensor:
    """Correct ``hazy`` Y'CbCr (n, 3, h, w) by the maps of a kind that come nearest to ``clear`` (Adam, L2)."""
    gains = 1 if kind.parametrisation == "physical" else 2
    free = torch.zeros(len(hazy), gains + 3, kind.levels, *kind.grid)
    free[:, :gains] = -2.0
    free.requires_grad_()
    optimiser = torch.optim.Adam([free], lr=0.1)
    for _ in range(steps):
        optimiser.zero_grad()
        loss = F.mse_loss(_correct(kind, free, hazy), clear)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return _correct(kind, free, hazy).detach()


def main(*, count: int = 24, steps: int = STEPS, threads: int | None = None) -> None:
    """Print the PSNR that fitted maps reach on rendered smoke of each density, a line for each kind.

    Args:
        count: Pictures of each set.
        steps: Steps of each fit.
        threads: CPU threads; PyTorch decides otherwise.
    """
    use_threads(threads)
    pictures = load_pictures([r for r in read_frame_list(data_folder()) if r.split == "val"])
    data = make_validation_set(pictures, count=count)
    print("kind".ljust(50), *(f"{density:>9}" for density in DENSITIES))
    print("input".ljust(50), *(f"{_mean_psnr(data, smoky):9.2f}" for smoky in data.smoky))
    for kind in _kinds():
        name = f"{kind.parametrisation}, {kind.grid[0]}x{kind.grid[1]}, {kind.levels} levels of luma"
        print(name.ljust(50), *(f"{_ceiling(kind, data, smoky, steps):9.2f}" for smoky in data.smoky), flush=True)


def _kinds() -> Iterator[MapKind]:
    for parametrisation, grid in product(get_args(Parametrisation), GRIDS):
        yield MapKind(parametrisation, grid)
    for levels in (2, 4):
        yield MapKind("physical with chroma", (24, 32), levels)


def _ceiling(kind: MapKind, data: ValidationSet, smoky: Tensor, steps: int) -> float:
    to_ycbcr, to_rgb = rgb_to_ycbcr(1), ycbcr_to_rgb(1)
    corrected = fit(kind, convert(smoky, to_ycbcr), convert(data.clear, to_ycbcr), steps)
    return _mean_psnr(data, convert(corrected, to_rgb).clamp(0.0, 1.0))


def _mean_psnr(data: ValidationSet, rgb: Tensor) -> float:
    return float(psnr(rgb, data.clear, data.content).mean())


def _correct(kind: MapKind, free: Tensor, hazy: Tensor) -> Tensor:
    """Gain and offset from free parameters (n, count, levels, rows, columns), sliced by place and luma, applied."""
    maps = _affine(kind.parametrisation, free)
    if kind.levels == 1:
        sliced = F.interpolate(maps[:, :, 0], hazy.shape[2:], mode="bilinear", align_corners=True)
    else:
        sliced = F.grid_sample(maps, _slices(hazy), mode="bilinear", padding_mode="border", align_corners=True)[:, :, 0]
    return sliced[:, :3] * hazy + sliced[:, 3:]


def _affine(parametrisation: Parametrisation, free: Tensor) -> Tensor:
    """Gains and offsets (n, 6, levels, rows, columns) of Y, Cb and Cr."""
    if parametrisation == "affine":
        gain = 1.0 / (1.0 - (1.0 - T_MIN) * torch.sigmoid(free[:, [0, 1, 1]]))
        return torch.cat([gain, free[:, 2:5].clamp(-OFFSET_LIMIT, OFFSET_LIMIT)], dim=1)
    opacity = (1.0 - T_MIN) * torch.sigmoid(free[:, :1] if parametrisation == "physical" else free[:, :2])
    gain = 1.0 / (1.0 - opacity.expand(-1, 2, -1, -1, -1))[:, [0, 1, 1]]
    airlight = free[:, -3:]
    level = torch.cat([0.15 + 0.95 * torch.sigmoid(airlight[:, :1]), 0.25 * torch.tanh(airlight[:, 1:])], dim=1)
    return torch.cat([gain, level * (1.0 - gain)], dim=1)


def _slices(hazy: Tensor) -> Tensor:
    """Where each pixel looks in maps over (luma, row, column): bilateral guidance (Chen et al. 2007)."""
    rows, columns = (torch.linspace(-1.0, 1.0, size) for size in hazy.shape[2:])
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    places = torch.stack([x, y]).expand(len(hazy), -1, -1, -1)
    return torch.cat([places, 2.0 * hazy[:, :1] - 1.0], dim=1).permute(0, 2, 3, 1)[:, None]


if __name__ == "__main__":
    run_command(main)
