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
DEFOCUSED_SHARE = 0.3
"""Share of pictures out of focus: an unsharp picture is not a smoky one."""
DEFOCUSED_CLEAR_SHARE = 0.6
"""The same where it has to be learned that such pictures are clear."""
DEFOCUS_SIZES = (4, 8, 16)
"""What they are averaged over, in pixels of the thumbnail; bilinear interpolation between the means doubles it."""
SMOOTHED_SHARE = 0.5
"""Share of pictures whose grain is smoothed away, as cameras and encoders do, be they out of focus or not. Rendered
smoke hides a frame's own grain, so that without such clear pictures smoothness itself is taken for smoke."""
COARSE_SHARE = 0.5
"""Share of pictures whose grain is of about three pixels, as after compression; the others' is of one."""


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """For n pictures: the same camera shows each of them, and its truth, alike."""

    softness: Tensor
    """(n, 1, 1, 1), of three by three pixels."""
    defocus: Tensor
    """(n, 1, 1, 1), how far a picture is taken towards its means over ``size``."""
    size: Tensor
    """(n, 1, 1, 1), of ``DEFOCUS_SIZES``."""
    grain: Tensor
    """(n, 3, h, w), what is added."""

    def __call__(self, pictures: Tensor, content: Tensor) -> Tensor:
        """RGB (n, 3, h, w) in [0, 1] as the camera shows it where ``content`` (n, 1, h, w) is one."""
        shown = pictures + self.grain
        soft = (self.softness != 0.0).flatten()
        shown[soft] += self.softness[soft] * (_blurred(pictures[soft]) - pictures[soft])
        for size in DEFOCUS_SIZES:
            unsharp = ((self.defocus != 0.0) & (self.size == size)).flatten()
            shown[unsharp] += self.defocus[unsharp] * (_means(pictures[unsharp], size) - pictures[unsharp])
        return torch.where(content > 0, shown.clamp_(0.0, 1.0), pictures)


def draw_camera(
    count: int, size: tuple[int, int], rng: np.random.Generator, defocused: float = DEFOCUSED_SHARE
) -> Camera:
    """Cameras for as many pictures of a size (h, w); ``defocused`` is the share of those out of focus."""
    touched = rng.random(count) >= UNTOUCHED_SHARE
    softness = rng.uniform(*SOFTNESS, count) * touched
    defocus = rng.uniform(0.3, 1.0, count) * (rng.random(count) < defocused)
    reach = rng.choice(DEFOCUS_SIZES, count).astype(np.float64)
    smoothed = rng.random(count) < SMOOTHED_SHARE
    level = rng.uniform(0.0, MOST_GRAIN, count) * touched * ~smoothed
    noise = torch.from_numpy(rng.standard_normal((1, 3, *size), np.float32))
    coarse = F.avg_pool2d(noise, 3, stride=1, padding=1) * 3.0
    grain = torch.where(_per_picture(rng.random(count)) < COARSE_SHARE, coarse, noise)
    softness = np.where(smoothed, rng.uniform(0.5, 1.0, count), softness) * (defocus == 0.0)
    return Camera(_per_picture(softness), _per_picture(defocus), _per_picture(reach), _per_picture(level) * grain)


def _blurred(pictures: Tensor) -> Tensor:
    return F.avg_pool2d(pictures, 3, stride=1, padding=1, count_include_pad=False)


def _means(pictures: Tensor, size: int) -> Tensor:
    return F.interpolate(F.avg_pool2d(pictures, size), pictures.shape[2:], mode="bilinear", align_corners=False)


def _per_picture(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))[:, None, None, None]
