"""A small hazy world with a hidden truth, as folders: ``python -m training.data.synthetic_haze FOLDER``.

Coloured shapes behind smooth veils: ``hazy/`` and ``clear/`` are unpaired and share no scene; ``unseen_hazy/`` and
``unseen_truth/`` are pairs that nothing is trained on.
"""

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.command import run_command

SIDE = 96
Picture = NDArray[np.float32]


class HiddenTruth(NamedTuple):
    """Hazy pictures never trained on, and what lies behind the haze; RGB (count, 3, SIDE, SIDE) in [0, 1]."""

    hazy: Tensor
    truth: Tensor


def write_problem(folder: Path, *, count: int = 60, seed: int = 0) -> HiddenTruth:
    """Write ``hazy/`` and ``clear/`` with ``count`` pictures each, no scene in both, and 16 pairs; return the pairs."""
    rng = np.random.default_rng(seed)
    _write(folder / "hazy", [lay_haze(rng, draw_scene(rng)) for _ in range(count)])
    _write(folder / "clear", [draw_scene(rng) for _ in range(count)])
    truth = [draw_scene(rng) for _ in range(16)]
    hazy = [lay_haze(rng, scene) for scene in truth]
    _write(folder / "unseen_hazy", hazy)
    _write(folder / "unseen_truth", truth)
    return HiddenTruth(_tensor(hazy), _tensor(truth))


def draw_scene(rng: np.random.Generator) -> Picture:
    """Reddish ground with texture, coloured ellipses and dark lines."""
    ground = np.array([0.55, 0.25, 0.2]) * rng.uniform(0.5, 1.3, 3)
    picture = np.full((SIDE, SIDE, 3), ground, np.float32)
    for _ in range(10):
        colour = tuple(float(c) for c in rng.uniform(0.02, 0.9, 3) * np.array([1.0, 0.6, 0.5]))
        centre, axes = rng.integers(0, SIDE, 2).tolist(), rng.integers(6, 28, 2).tolist()
        cv2.ellipse(picture, centre, axes, float(rng.uniform(0, 180)), 0, 360, colour, -1, cv2.LINE_AA)
        ends = rng.integers(0, SIDE, (2, 2)).tolist()
        cv2.line(picture, ends[0], ends[1], (0.15, 0.03, 0.03), 2, cv2.LINE_AA)
    grain = cv2.GaussianBlur(rng.standard_normal((SIDE, SIDE, 1)).astype(np.float32), (0, 0), 1.2)
    return np.clip(picture * (1.0 + 0.4 * grain[..., None]), 0.0, 1.0).astype(np.float32)


def lay_haze(rng: np.random.Generator, scene: Picture) -> Picture:
    """A dense, smooth, whitish veil over a scene."""
    cells = rng.uniform(0.3, 0.75, (4, 4)).astype(np.float32)
    transmission = cv2.resize(cells, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)[..., None]
    airlight = rng.uniform(0.7, 0.95) + rng.uniform(-0.04, 0.04, 3)
    return np.asarray(scene * transmission + airlight * (1.0 - transmission), np.float32)


def _tensor(pictures: list[Picture]) -> Tensor:
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous()


def _write(folder: Path, pictures: list[Picture]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for index, picture in enumerate(pictures):
        stored = np.rint(picture[..., ::-1] * 255).astype(np.uint8)
        (folder / f"{index:03d}.png").write_bytes(cv2.imencode(".png", stored)[1].tobytes())


def main(folder: Path, *, count: int = 200, seed: int = 0) -> None:
    """Write the folders of a small hazy world.

    Args:
        folder: Where to.
        count: Hazy and clear pictures, each.
        seed: Seed of all pictures.
    """
    write_problem(folder, count=count, seed=seed)


if __name__ == "__main__":
    run_command(main)
