"""What a camera and its encoder make of a picture, alike of smoky and of clear ones: optics, grain, compression.

Without it, what tells rendered smoke from the frames below it is their noise: it fades behind smoke, and fresh noise
before smoke alone would be as telling. Optics show the truth alike, grain and codec do not.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from eid_stream.core.thumbnail import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH

Array = NDArray[np.float32]
Change = Callable[[Array], Any]
MOST_GRAIN = 0.014
"""Standard deviation in [0, 1]; most cameras show less at a thumbnail's size."""
SOFTNESS = (-0.4, 1.0)
"""How far a picture is taken towards its mean over three by three pixels; below zero it is sharpened."""
UNTOUCHED_SHARE = 0.25
DEFOCUSED_SHARE = 0.2
"""Share of pictures out of focus: an unsharp picture is not a smoky one."""
DEFOCUS = (1.5, 7.0)
"""Standard deviation of that in pixels of the thumbnail."""
GRAINS = 12
"""How many fields of noise there are, each shown in four poses."""
COMPRESSED_SHARE = 0.5
QUALITIES = (30, 96)
"""JPEG qualities; also RIDCP (Wu et al. 2023) compresses half of what it renders."""


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """How one picture is shown."""

    softness: float
    defocus: float
    """Standard deviation in pixels; zero is in focus."""
    grain: Array | None
    """(3, h, w), what is added: as large as the thumbnail, of which a smaller picture takes a part."""
    quality: int | None
    """Of JPEG; none is not compressed."""

    def optics(self, rgb: Array) -> Array:
        """RGB (3, h, w) in [0, 1] as the lens shows it and the camera sharpens it."""
        if self.defocus:
            return _each(rgb, lambda plane: cv2.GaussianBlur(plane, (0, 0), self.defocus))
        if not self.softness:
            return rgb
        return rgb + np.float32(self.softness) * (_each(rgb, lambda plane: cv2.blur(plane, (3, 3))) - rgb)

    def record(self, rgb: Array, content: Array) -> Array:
        """What is recorded of that where ``content`` (1, h, w) is one."""
        shown = rgb if self.grain is None else rgb + self.grain[:, : rgb.shape[1], : rgb.shape[2]]
        shown = np.where(content > 0, np.clip(shown, 0.0, 1.0), rgb)
        return shown if self.quality is None else _compressed(shown, self.quality)


def draw_camera(rng: np.random.Generator) -> Camera:
    """A camera at random."""
    touched = rng.random() >= UNTOUCHED_SHARE
    defocus = rng.uniform(*DEFOCUS) * rng.random() if rng.random() < DEFOCUSED_SHARE else 0.0
    return Camera(
        softness=float(rng.uniform(*SOFTNESS) * touched),
        defocus=float(defocus) if defocus > 0.5 else 0.0,
        grain=draw_grain(rng) if touched and rng.random() < 0.6 else None,
        quality=int(rng.integers(*QUALITIES)) if rng.random() < COMPRESSED_SHARE else None,
    )


def draw_grain(rng: np.random.Generator, most: float = MOST_GRAIN) -> Array:
    """Noise (3, h, w) whose standard deviation is up to ``most``."""
    field = _fields()[int(rng.integers(2 * GRAINS))]
    down, across = (int(step) for step in rng.choice((-1, 1), 2))
    return np.asarray(field[:, ::down, ::across] * np.float32(rng.uniform(0.0, most)), np.float32)


@cache
def _fields() -> Array:
    """Grain of one pixel, and as many of about three, as after compression: (2 GRAINS, 3, h, w)."""
    noise = np.random.default_rng(0x6A1).standard_normal((GRAINS, 3, THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH), np.float32)
    coarse = np.stack([_each(field, lambda plane: cv2.blur(plane, (3, 3))) * np.float32(3.0) for field in noise])
    return np.concatenate([noise, coarse])


def _each(rgb: Array, change: Change) -> Array:
    return np.stack([np.asarray(change(np.ascontiguousarray(plane)), np.float32) for plane in rgb])


def _compressed(rgb: Array, quality: int) -> Array:
    codes = np.rint(np.clip(rgb, 0.0, 1.0) * 255.0).astype(np.uint8).transpose(1, 2, 0)[..., ::-1]
    packet = cv2.imencode(".jpg", np.ascontiguousarray(codes), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    decoded = cv2.imdecode(packet, cv2.IMREAD_COLOR)
    assert decoded is not None
    return decoded[..., ::-1].transpose(2, 0, 1).astype(np.float32) * np.float32(1.0 / 255.0)
