"""What a camera and its encoder make of a picture, alike of smoky and of clear ones: softness, sharpening, grain.

Without it, what tells rendered smoke from the frames below it is their noise: it fades behind smoke, and fresh noise
before smoke alone would be as telling.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

MOST_GRAIN = 0.014
"""Standard deviation in code values; most cameras show less at a thumbnail's size."""
SOFTNESS = (-0.4, 1.0)
"""How far a picture is taken towards its mean over three by three pixels; below zero it is sharpened."""
UNTOUCHED_SHARE = 0.25
DEFOCUSED_SHARE = 0.2
"""Share of pictures out of focus: an unsharp picture is not a smoky one."""
COARSE_SHARE = 0.5
"""Share of pictures whose grain is of about three pixels, as after compression; the others' is of one."""


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """For n pictures: the same camera shows each of them, and its truth, alike."""

    softness: Tensor
    """(n, 1, 1, 1), of three by three pixels."""
    defocus: Tensor
    """(n, 1, 1, 1), of about six by six."""
    grain: Tensor
    """(n, 3, h, w), what is added."""

    def __call__(self, pictures: Tensor, content: Tensor) -> Tensor:
        """RGB (n, 3, h, w) in [0, 1] as the camera shows it where ``content`` (n, 1, h, w) is one."""
        soft = F.avg_pool2d(pictures, 3, stride=1, padding=1, count_include_pad=False)
        unsharp = F.interpolate(F.avg_pool2d(pictures, 4), pictures.shape[2:], mode="bilinear", align_corners=False)
        shown = pictures + self.softness * (soft - pictures) + self.defocus * (unsharp - pictures) + self.grain
        return torch.where(content > 0, shown.clamp(0.0, 1.0), pictures)


def draw_camera(count: int, size: tuple[int, int], rng: np.random.Generator) -> Camera:
    """Cameras for as many pictures of a size (h, w)."""
    touched = rng.random(count) >= UNTOUCHED_SHARE
    softness = rng.uniform(*SOFTNESS, count) * touched
    defocus = rng.uniform(0.3, 1.0, count) * (rng.random(count) < DEFOCUSED_SHARE)
    level = rng.uniform(0.0, MOST_GRAIN, count) * touched
    noise = torch.from_numpy(rng.standard_normal((1, 3, *size), np.float32)).expand(count, -1, -1, -1)
    coarse = F.avg_pool2d(noise, 3, stride=1, padding=1) * 3.0
    grain = torch.where(_per_picture(rng.random(count)) < COARSE_SHARE, coarse, noise)
    return Camera(_per_picture(softness * (defocus == 0.0)), _per_picture(defocus), _per_picture(level) * grain)


def _per_picture(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))[:, None, None, None]
