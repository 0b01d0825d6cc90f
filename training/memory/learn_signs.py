"""Learns how the runtime's memory weighs the signs of smoke (``eid_stream.dehazing.memory.smoke_signs``).

python -m training.memory.learn_signs: some ten minutes of one CPU core, from frames, clear clips and rendered smoke.
Each camera system is left out in turn; what the weights of the others say of it sets the bar and is printed.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from eid_stream.backends.engine_choice import open_engine
from eid_stream.core.errors import ConfigError
from eid_stream.dehazing.memory.smoke_signs import NAMES
from training.command import run_command
from training.data.frames import data_folder, read_frame_list
from training.memory.histories import CLEAR_CLIPS, Moment, of_clip, of_frames
from training.memory.observed_views import Observer
from training.smoke.veil_bank import VeilBank

logger = logging.getLogger(__name__)
Array = NDArray[np.float32]
SHIPPED = Path(__file__).resolve().parents[2] / "eid_stream" / "weights" / "smoke_signs.json"
USED = {
    "haze": NAMES[:16],
    "puff": (*NAMES[:4], "seen", "explained_here", "clearly_explained_here", "opacity_here"),
}
"""What is weighed: of haze that lies over the picture, all but the finest; of a puff, what is told near it."""
PUFF_WEIGHT = 8.0
"""How much more a puff counts where puffs are learned: smoke in a picture of less than ``PUFF_OPACITY`` on average."""
PUFF_OPACITY = 0.12
SMOKE, CLEAR = 0.06, 0.015
"""Opacity from which a cell is smoky, and up to which it is clear; what lies between teaches nothing."""
LIKENESS = (-2.0, 0.5, 0.7, 0.85, 0.94, 0.98, 2.0)
"""Between these, a bar each."""
FALSE_ALARMS = 0.02
STEPS, CELLS, RATE, DECAY = 600, 16_384, 0.02, 1e-2


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """All cells of all moments, one after the other."""

    signs: torch.Tensor
    opacity: Array
    shown: NDArray[np.bool_]
    """Whether a cell shows the scene, and its smoke is known."""
    source: NDArray[np.str_]
    likeness: Array
    puff: NDArray[np.bool_]


def main(*, out: Path = SHIPPED, seed: int = 0, veils: int = 120) -> None:
    """Write the weights to ``out``; everything follows from ``seed``."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    moments = observe(data_folder(), seed, veils)
    content = {"weighings": {name: learn(name, moments) for name in USED}}
    out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    logger.info("Written to %s.", out)


def observe(folder: Path, seed: int, veils: int) -> list[Moment]:
    """All there is to learn from.

    Raises:
        ConfigError: frames are missing.
    """
    records = [r for r in read_frame_list(folder) if r.split == "train"]
    observer = Observer(open_engine("onnx"), VeilBank(count=veils, seed=seed, densities=(0.05, 0.8)), seed)
    moments = list(of_frames(records, observer, seed))
    for name in CLEAR_CLIPS:
        if (folder / "clips" / name).exists():
            moments += of_clip(folder / "clips" / name, observer, seed)
    if len({moment.source for moment in moments}) < 2:
        raise ConfigError(f"Frames of two camera systems or more are needed; {folder} has fewer.")
    logger.info("%d views observed.", len(moments))
    return moments


def learn(name: str, moments: Sequence[Moment]) -> dict[str, Any]:
    """Weights, bias and bars of one weighing."""
    columns = [NAMES.index(sign) for sign in USED[name]]
    cells = _cells_of(moments, columns)
    balance = _balance(cells, PUFF_WEIGHT if name == "puff" else 1.0)
    odds = np.zeros(len(cells.opacity), np.float32)
    for source in np.unique(cells.source):
        left_out = cells.source == source
        weights, bias = _fit(cells.signs, cells.opacity > SMOKE, balance * ~left_out)
        odds[left_out] = cells.signs[torch.from_numpy(left_out)].numpy() @ weights + bias
    bar = _bars(name, cells, odds)
    weights, bias = _fit(cells.signs, cells.opacity > SMOKE, balance)
    rounded = {sign: round(float(weight), 4) for sign, weight in zip(USED[name], weights, strict=True)}
    return {"weights": rounded, "bias": round(bias, 4), "bar": bar}


def _cells_of(moments: Sequence[Moment], columns: list[int]) -> _Cells:
    signs = np.stack([m.signs[columns] for m in moments]).transpose(0, 2, 3, 1).reshape(-1, len(columns))
    opacity = np.stack([m.opacity for m in moments])
    content = np.stack([m.content for m in moments])
    cells = opacity[0].size
    with np.errstate(invalid="ignore"):
        puff = (opacity > SMOKE) & (opacity.mean((1, 2), keepdims=True) < PUFF_OPACITY) & (opacity > 0.1)
    return _Cells(
        torch.from_numpy(np.ascontiguousarray(signs)),
        opacity.ravel(),
        ((content > 0.5) & np.isfinite(opacity)).ravel(),
        np.repeat([m.source for m in moments], cells),
        np.repeat(np.array([m.likeness for m in moments], np.float32), cells),
        puff.ravel(),
    )


def _balance(cells: _Cells, puff_weight: float) -> Array:
    """How much each cell counts: smoky and clear ones alike, sources by the root of their size."""
    smoky = cells.opacity > SMOKE
    weight = (cells.shown & (smoky | (cells.opacity <= CLEAR))).astype(np.float32)
    for source in np.unique(cells.source):
        own = cells.source == source
        weight[own] /= np.float32(np.sqrt(own.sum()))
    weight[cells.puff] *= np.float32(puff_weight)
    for kind in (smoky, ~smoky):
        weight[kind] /= max(float(weight[kind].sum()), 1e-9)
    return weight


def _fit(signs: torch.Tensor, smoky: NDArray[np.bool_], weight: Array) -> tuple[Array, float]:
    """Logistic regression."""
    used = np.flatnonzero(weight)
    x, y = signs[used], torch.from_numpy(smoky[used].astype(np.float32))
    share = torch.from_numpy(weight[used] / weight[used].mean())
    mean, deviation = x.mean(0), x.std(0) + 1e-4
    line = torch.nn.Linear(x.shape[1], 1)
    torch.nn.init.zeros_(line.weight)
    torch.nn.init.zeros_(line.bias)
    optimizer = torch.optim.AdamW(line.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.01, STEPS)
    generator = torch.Generator().manual_seed(0)
    for _ in range(STEPS):
        drawn = torch.randint(len(x), (CELLS,), generator=generator)
        odds = line((x[drawn] - mean) / deviation).squeeze(1)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(odds, y[drawn], weight=share[drawn])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    weights = line.weight.detach()[0] / deviation
    return weights.numpy(), float(line.bias.detach()[0] - (weights * mean).sum())


def _bars(name: str, cells: _Cells, odds: Array) -> list[list[float]]:
    """Likeness and bar of each bin, by cells of views without any smoke; what is found above is logged."""
    bars = []
    for low, high in pairwise(LIKENESS):
        within = cells.shown & (cells.likeness >= low) & (cells.likeness < high)
        clear = within & (cells.opacity <= CLEAR)
        if not clear.any():
            continue
        bar = float(np.quantile(odds[clear], 1.0 - FALSE_ALARMS))
        bars.append([round(float(cells.likeness[within].mean()), 3), round(bar, 3)])
        logger.info("%s, likeness about %.2f: bar %.2f; found %s", name, *bars[-1], _found(cells, odds > bar, within))
    return bars


def _found(cells: _Cells, above: NDArray[np.bool_], within: NDArray[np.bool_]) -> str:
    parts = []
    for low, high in ((0.06, 0.1), (0.1, 0.2), (0.2, 0.4), (0.4, 1.0)):
        smoky = within & (cells.opacity >= low) & (cells.opacity < high)
        if smoky.any():
            parts.append(f"{100 * above[smoky].mean():.0f} % of opacity {low} to {high}")
    return ", ".join(parts)


if __name__ == "__main__":
    run_command(main)
