"""What the EID teacher and its haze operator say about real hazy pictures: asked once, shown in every pose."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.data.picture_cache import Picture
from training.data.views import Pose, view
from training.eid.haze_operator import ScatteringHaze
from training.smoke.veil import Veil

Rgb = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Advice:
    """About one picture, at its size: the teacher's answer, and the veil that the companion sees."""

    answer: Picture
    airlight: Picture
    opacity: Picture
    """Grey: 1 - t."""


@dataclass(frozen=True, slots=True, eq=False)
class AdviceBatch:
    """Advice on views: the teacher's answer RGB (n, 3, h, w), and the veil of the same size."""

    answer: Tensor
    airlight: Tensor
    opacity: Tensor

    def to(self, device: torch.device) -> "AdviceBatch":
        """The same on a device."""
        return AdviceBatch(self.answer.to(device), self.airlight.to(device), self.opacity.to(device))

    @property
    def veil(self) -> Veil:
        """The companion's veil."""
        return Veil(1.0 - self.opacity, self.airlight)


def ask(pictures: Sequence[Picture], teacher: Callable[[Rgb], Rgb], haze: ScatteringHaze) -> Mapping[Picture, Advice]:
    """Advice on each picture; 50 ms each on one core."""
    return {picture: _ask(picture, teacher, haze) for picture in pictures}


def in_poses(advice: Sequence[Advice], poses: Sequence[Pose]) -> AdviceBatch:
    """The advice on pictures that are looked at in ``poses``; opacity knows no colours."""
    answers = [view(a.answer, pose).rgb for a, pose in zip(advice, poses, strict=True)]
    airlights = [view(a.airlight, pose).rgb for a, pose in zip(advice, poses, strict=True)]
    plain = [replace(pose, curves=None, mix=None) for pose in poses]
    opacities = [view(a.opacity, pose).rgb[:1] for a, pose in zip(advice, plain, strict=True)]
    return AdviceBatch(*(torch.from_numpy(np.stack(stack)) for stack in (answers, airlights, opacities)))


@torch.inference_mode()
def _ask(picture: Picture, teacher: Callable[[Rgb], Rgb], haze: ScatteringHaze) -> Advice:
    rgb = picture.rgb.astype(np.float32) / np.float32(255.0)
    left, top, width, height = picture.box
    scene = np.s_[top : top + height, left : left + width]
    veil = haze.veil_of(torch.from_numpy(rgb[scene].transpose(2, 0, 1).copy())[None])
    airlight, opacity = np.zeros_like(rgb), np.zeros_like(rgb)
    airlight[scene] = veil.airlight[0].numpy().transpose(1, 2, 0)
    opacity[scene] = 1.0 - veil.transmission[0].numpy().transpose(1, 2, 0)
    opacity *= picture.content[..., None]
    return Advice(*(replace(picture, rgb=_codes(part)) for part in (teacher(rgb), airlight, opacity)))


def _codes(rgb: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.asarray(np.rint(np.clip(rgb, 0.0, 1.0) * 255.0), np.uint8)
