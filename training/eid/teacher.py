"""The EID teacher: one network from a hazy picture to a clear one, and how it is used on frames of any size."""

import copy
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from deepinv.models import ArtifactRemoval, UNet
from deepinv.physics import Physics
from numpy.typing import NDArray
from torch import Tensor, nn

from eid_stream.core.content_area import content_box, content_mask
from eid_stream.core.errors import ConfigError
from training.checkpoint import load_checkpoint
from training.eid.haze_networks import ChannelNorm, VeilEstimator
from training.eid.haze_operator import AnyHaze, ScatteringHaze, load_haze
from training.eid.teacher_options import TeacherForm

Rgb = NDArray[np.float32]
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
WORKING_SHARE = 1.25
"""Short side of the picture the network sees, over the side of its training squares.

Squares are 60 to 100 % of a frame's short side, so this is the middle of the scales it was trained on.
"""

OVERSHOOT = 0.1
"""Share of what lies outside of [0, 1] that a veil teacher keeps while it learns."""


def build_teacher(channels: Sequence[int]) -> ArtifactRemoval:
    """f of EID: deepinv's U-Net applied to ``y`` itself (``mode="direct"``), with ``channels`` at each scale.

    Three things differ from deepinv's: ``ChannelNorm`` stands for batch norm, which behaves differently in training
    and use; padding reflects, where zeros show at borders; the correction starts small, so f starts as the identity.
    """
    unet = UNet(3, 3, residual=True, channels_per_scale=list(channels), batch_norm=True)
    _replace_norms(unet)
    for module in unet.modules():
        if isinstance(module, nn.Conv2d) and module.kernel_size != (1, 1):
            module.padding_mode = "reflect"
    with torch.no_grad():
        unet.Conv_1x1.weight.mul_(0.1)
        unet.Conv_1x1.bias.zero_()
    return ArtifactRemoval(unet, mode="direct")


class VeilTeacher(nn.Module):
    """f of EID in the form of the haze: it sees a veil and lifts it. It begins as the companion sees.

    A U-Net has to learn what dense haze is and how to undo it, pixel by pixel; here the second is known.
    """

    def __init__(self, estimator: VeilEstimator) -> None:
        super().__init__()
        self.estimator = estimator

    def forward(self, y: Tensor, physics: Physics) -> Tensor:  # noqa: ARG002 - a reconstructor is called so
        """Clear picture of a hazy one, (batch, 3, h, w) in [0, 1]; a little beyond while it learns, for the slope."""
        lifted = self.estimator(y).lifted_from(y)
        clipped: Tensor = lifted.clamp(0.0, 1.0)
        return clipped + OVERSHOOT * (lifted - clipped) if self.training else clipped


def begin_teacher(form: TeacherForm, channels: Sequence[int], haze: AnyHaze) -> ArtifactRemoval | VeilTeacher:
    """A teacher that has learned nothing yet of EID's demands.

    Raises:
        ConfigError: a teacher that sees veils is asked for, and the haze operator has none.
    """
    if form == "picture":
        return build_teacher(channels)
    if not isinstance(haze, ScatteringHaze):
        raise ConfigError("A teacher of the form veil needs a haze operator of the form scattering.")
    return VeilTeacher(copy.deepcopy(haze.companion).requires_grad_(True))


class Teacher:
    """Dehazes whole frames: RGB float32 (height, width, 3) in [0, 1] in and out, any size and aspect.

    The network sees the scene inside the endoscope's border, at about the scale it was trained at. What it does there
    is carried to the full frame as smooth affine maps of the frame's own pixels (fast guided filter, He and Sun 2015),
    so detail is the camera's and is restored with the contrast it lost. No statistic of the frame's extremes is used.
    """

    def __init__(self, network: nn.Module, *, working_side: int, find_content: bool = True) -> None:
        self._network = network.eval().requires_grad_(False)
        self._working_side = working_side
        self._find_content = find_content

    def __call__(self, rgb: Rgb) -> Rgb:
        """The dehazed frame; black border around the scene stays as it is."""
        if not self._find_content:
            return self._dehaze(rgb)
        luma = rgb @ LUMA
        left, top, width, height = content_box(luma)
        out, area = rgb.copy(), (slice(top, top + height), slice(left, left + width))
        out[area] = np.where(content_mask(luma)[area][..., None], self._dehaze(rgb[area]), rgb[area])
        return out

    def small(self, rgb: Rgb) -> Rgb:
        """The network's own answer for a picture, at the picture's own size: fully convolutional, clipped."""
        with torch.inference_mode():
            tensor = torch.from_numpy(np.ascontiguousarray(rgb.transpose(2, 0, 1)))[None]
            answer = self._network(tensor, Physics())[0].clamp(0, 1)
        return np.ascontiguousarray(answer.numpy().transpose(1, 2, 0))

    def _dehaze(self, rgb: Rgb) -> Rgb:
        height, width = rgb.shape[:2]
        scale = self._working_side / min(height, width)
        size = (max(16, round(width * scale)), max(16, round(height * scale)))
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        seen = np.asarray(cv2.resize(rgb, size, interpolation=method), np.float32)
        gain, offset = affine_between(seen, self.small(seen))
        gain, offset = (np.asarray(cv2.resize(m, (width, height)), np.float32) for m in (gain, offset))
        dehazed: Rgb = np.clip(gain * rgb + offset, np.float32(0.0), np.float32(1.0))
        return dehazed


def affine_between(seen: Rgb, wanted: Rgb, *, radius: int = 4, noise: float = 1e-4) -> tuple[Rgb, Rgb]:
    """Gain and offset, per channel and smooth, that lead from ``seen`` to ``wanted`` (He and Sun 2015, eq. 5 and 6).

    All arrays are (height, width, 3). Where the picture is flat, the gain is 1 and the offset makes the difference.
    """

    def mean(picture: NDArray[Any]) -> Rgb:
        return np.asarray(cv2.blur(picture, (2 * radius + 1,) * 2, borderType=cv2.BORDER_REFLECT), np.float32)

    change = np.asarray(wanted - seen, np.float32)
    mean_seen, mean_change = mean(seen), mean(change)
    covariance = mean(seen * change) - mean_seen * mean_change
    slope = covariance / (mean(seen * seen) - mean_seen * mean_seen + noise)
    return 1.0 + mean(slope), mean(mean_change - slope * mean_seen)


class Companion(nn.Module):
    """A haze operator's companion in the place of a teacher: what the adversarial stage can do by itself."""

    def __init__(self, haze: AnyHaze) -> None:
        super().__init__()
        self.haze = haze

    def forward(self, y: Tensor, physics: Physics) -> Tensor:  # noqa: ARG002 - a reconstructor is called so
        """Clear picture of a hazy one."""
        return self.haze.A_dagger(y)


def load_teacher(path: Path) -> Callable[[Rgb], Rgb]:
    """A trained teacher as a function of RGB float32 frames (height, width, 3) in [0, 1], any size.

    ``path`` is as in ``load_network``.

    Raises:
        ConfigError: the checkpoint cannot be read, or is neither.
    """
    network = load_network(path)
    made_by = load_checkpoint(path)[1]
    side = round(WORKING_SHARE * made_by["options"]["side"])
    return Teacher(network, working_side=side, find_content=made_by["find_content"])


def load_network(path: Path) -> nn.Module:
    """The network of a trained teacher, frozen: RGB (n, 3, h, w) in [0, 1] and a ``Physics`` that it does not look at.

    ``path`` is teacher.safetensors of ``training.eid.train_teacher``, or haze.safetensors of
    ``training.eid.train_haze``, whose companion is then taken.

    Raises:
        ConfigError: the checkpoint cannot be read, or is neither.
    """
    weights, made_by = load_checkpoint(path)
    try:
        if made_by["command"] == "training.eid.train_haze":
            network: nn.Module = Companion(load_haze(path))
        else:
            network = _built(made_by["options"], made_by)
            network.load_state_dict(weights)
    except (KeyError, RuntimeError) as error:
        raise ConfigError(f"{path} is no teacher of this version: {error}. Train it again.") from error
    return network.eval().requires_grad_(False)


def _built(options: dict[str, Any], made_by: dict[str, Any]) -> ArtifactRemoval | VeilTeacher:
    if options.get("form", "picture") == "picture":
        return build_teacher(options["channels"])
    shape = made_by["haze"]
    return VeilTeacher(VeilEstimator(shape["width"], shape["depth"], look=shape["look"]))


def _replace_norms(module: nn.Module) -> None:
    for name, child in module.named_children():
        if isinstance(child, nn.BatchNorm2d):
            setattr(module, name, ChannelNorm(child.num_features))
        else:
            _replace_norms(child)
