"""Pictures of other sciences drawn by arithmetic, clear and hazy: what may be shown, since nobody took them."""

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.quality.pictures import Rgb
from benchmarks.quality.sets.generated_glow import glowing
from training.eid.veil_look import BOX_NUMBERS, BOXES, ROOM_NUMBERS, room_depth

HEIGHT, WIDTH = 384, 512
TILES = 14
"""Stripes that lie at even distances on everything in a room."""
AIRLIGHT, ATTENUATION = 0.97, 1.8
NUCLEI = 45
BRIGHTNESS = (14.0, 110.0)
"""Code values of nuclei."""


def drawn_pair(science: str, seed: int) -> tuple[Rgb, Rgb]:
    """A hazy picture and the clear one below it, of ``natural`` or ``microscopy``; RGB (384, 512, 3)."""
    return _room(seed) if science == "natural" else _nuclei(seed)


def _room(seed: int) -> tuple[Rgb, Rgb]:
    torch.manual_seed(seed)
    depth = room_depth(torch.randn(1, ROOM_NUMBERS + BOXES * BOX_NUMBERS), 256)[0, 0].numpy()
    depth = np.asarray(cv2.resize(depth, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.float32)
    rng = np.random.default_rng(seed)
    tiles = np.minimum((depth * TILES).astype(int), TILES - 1)
    colours = rng.uniform(0.1, 0.8, (TILES, 3)).astype(np.float32)
    clear = cv2.GaussianBlur(colours[tiles], (0, 0), 0.8)
    passing = np.exp(-ATTENUATION * depth)[..., None]
    return _codes(clear * passing + AIRLIGHT * (1.0 - passing)), _codes(clear)


def _nuclei(seed: int) -> tuple[Rgb, Rgb]:
    rng = np.random.default_rng(seed)
    grey = np.full((HEIGHT, WIDTH), 1.0, np.float32)
    grain = cv2.GaussianBlur(rng.standard_normal((HEIGHT, WIDTH)).astype(np.float32), (0, 0), 2.0)
    for _ in range(NUCLEI):
        centre = int(rng.integers(WIDTH)), int(rng.integers(HEIGHT))
        axes = int(rng.integers(11, 19)), int(rng.integers(9, 15))
        nucleus = np.zeros_like(grey)
        cv2.ellipse(nucleus, centre, axes, float(rng.uniform(0.0, 180.0)), 0, 360, float(rng.uniform(*BRIGHTNESS)), -1)
        grey = np.maximum(grey, cv2.GaussianBlur(nucleus, (0, 0), 1.2) * (1.0 + 1.2 * grain))
    clear = _codes(np.repeat(grey[..., None], 3, axis=2) / 255.0)
    return glowing(clear, rng), clear


def _codes(picture: NDArray[np.floating]) -> Rgb:
    return np.asarray(np.rint(np.clip(picture, 0.0, 1.0) * 255.0), np.uint8)
