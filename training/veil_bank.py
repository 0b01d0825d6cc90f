"""Rendered smoke kept for training: computed once, used many times, each time cut, turned and tinted anew."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from eid_stream.smoke import Smoke, draw_look
from eid_stream.thumbnail import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH

Array = NDArray[np.float32]
CAMERA_SHARES = {"robotic": 0.45, "grey": 0.3, "warm": 0.25}
"""How often smoke is lit as by each kind of camera system (``eid_stream.smoke.look``)."""
PLUME_SHARE = 0.35
"""Share of takes that are hardly more than a plume, or a puff, at an instrument's tip."""
PLUME_DENSITIES = (0.01, 0.25)
PLUME_LENGTHS = (0.05, 0.6)
"""In picture widths."""
VEIL_WIDTH, VEIL_HEIGHT = 128, 96
STEP_SECONDS = 0.12
"""Time between the two moments of a take."""


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """The same smoke at moments: transmission (moments, h, w) in (0, 1] and airlight (moments, 3, h, w), RGB."""

    transmission: Array
    airlight: Array
    tint: float
    """How far the tissue behind colours the veil, 0 to 1."""


class VeilBank:
    """Takes of smoke, ``count`` of them, drawn from ``seed``; about 10 ms and 200 kB each."""

    def __init__(self, *, count: int, seed: int, densities: tuple[float, float] = (0.08, 0.75)) -> None:
        rng = np.random.default_rng([seed, 0xBA4C])
        cameras = rng.choice(list(CAMERA_SHARES), count, p=list(CAMERA_SHARES.values()))
        seeds = range(seed * 100_003, seed * 100_003 + count)
        self._takes = [_draw_take(rng, *drawn, densities) for drawn in zip(seeds, cameras, strict=True)]

    def draw(self, rng: np.random.Generator, moments: int = 2) -> Take:
        """A random take on the canvas, cut, turned, thinned or thickened; colour and brightness vary."""
        take = self._takes[int(rng.integers(len(self._takes)))]
        share = rng.uniform(0.5, 1.0)
        width, height = int(VEIL_WIDTH * share), int(VEIL_HEIGHT * share)
        left = int(rng.integers(0, VEIL_WIDTH - width + 1))
        top = int(rng.integers(0, VEIL_HEIGHT - height + 1))
        turns = (1 if rng.random() < 0.5 else -1), (1 if rng.random() < 0.5 else -1)
        cut = np.s_[:moments, ..., top : top + height, left : left + width]
        transmission = take.transmission[cut][..., :: turns[0], :: turns[1]].astype(np.float32)
        airlight = take.airlight[cut][..., :: turns[0], :: turns[1]].astype(np.float32)
        thickness = np.float32(np.exp(rng.uniform(-0.7, 0.4)))
        brightness = np.exp(rng.normal(0.0, 0.08) + rng.normal(0.0, 0.03, (3, 1, 1))).astype(np.float32)
        return Take(_enlarge(np.power(transmission, thickness)), _enlarge(airlight * brightness), float(take.tint))


def _draw_take(rng: np.random.Generator, seed: int, camera: str, densities: tuple[float, float]) -> Take:
    look = draw_look(seed, camera)
    if rng.random() < PLUME_SHARE:
        length = float(rng.uniform(*PLUME_LENGTHS))
        look = replace(look, uniform=0.02, gradient=0.0, cloud=0.05, plume=0.93, plume_length=length)
        densities = PLUME_DENSITIES
    density = float(rng.uniform(*densities))
    smoke = Smoke(seed=seed, width=VEIL_WIDTH, height=VEIL_HEIGHT, density=density, look=look)
    start = (seed % 97) * 0.31
    veils = [smoke.veil(start), smoke.veil(start + STEP_SECONDS)]
    transmission = np.stack([veil.transmission for veil in veils]).astype(np.float16)
    airlight = np.stack([veil.airlight.transpose(2, 0, 1) for veil in veils]).astype(np.float16)
    return Take(transmission, airlight, smoke.look.tint)  # type: ignore[arg-type]


def _enlarge(fields: Array) -> Array:
    """Resize the last two axes to the canvas."""
    flat = fields.reshape(-1, *fields.shape[-2:])
    size = THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT
    large = [cv2.resize(np.ascontiguousarray(field), size, interpolation=cv2.INTER_LINEAR) for field in flat]
    return np.asarray(np.stack(large), np.float32).reshape(*fields.shape[:-2], THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH)
