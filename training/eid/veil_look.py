"""What kinds of haze there are: where a veil begins to be learned, and how far it may go.

Smoke comes in clouds of any density. Natural haze is made by distance: even air, dense where the scene is far, with an
edge wherever near meets far, and one bright light of the sky for the whole picture. In fluorescence microscopy what
lies out of focus glows: light is added, hardly any is taken away, and most of it comes from the picture itself.
"""

import math
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from training.smoke.veil import AIRLIGHT_RANGE, TINT, VEIL_T_MIN

LookName = Literal["smoke", "depth", "glow"]
BOXES = 6
"""Things that stand in a room."""
FLOOR_WINDOW = 17
"""Side of the neighbourhoods of ``floor_of`` where the short side of a picture is 64: twice as wide as a nucleus."""
GLOW_LIGHT = 8.0
"""Airlight that stands for light added: far above white, so that what is taken away with it hardly shows."""
MOST_OF_FLOOR = 1.2
"""Share of the floor that may be glow: noise puts the darkest place below the mean of its ground."""
ROOM_NUMBERS, BOX_NUMBERS = 10, 6


@dataclass(frozen=True, slots=True)
class VeilLook:
    """Bounds of the veils of one kind of haze."""

    least_transmission: float
    airlight: tuple[float, float]
    """Brightness, darkest and brightest."""
    tint: float
    """How far red and blue may lie from green."""
    even_airlight: bool
    """One airlight for the whole picture."""
    follows_edges: bool
    """The veil has edges where the picture has some."""
    seen_side: int = 96
    """Short side of the copy of a picture that the companion looks at."""
    upright: bool = False
    """There is a ground: a picture turned by a quarter is none that could have been taken."""
    below_floor: bool = False
    """Haze adds no more light than the darkest place in every neighbourhood shows (``floor_of``)."""


LOOKS: dict[LookName, VeilLook] = {
    "smoke": VeilLook(VEIL_T_MIN, AIRLIGHT_RANGE, TINT, even_airlight=False, follows_edges=False),
    "depth": VeilLook(0.1, (0.8, 1.05), 0.04, even_airlight=True, follows_edges=True, upright=True, seen_side=64),
    "glow": VeilLook(
        0.96, (GLOW_LIGHT, GLOW_LIGHT), 0.0, even_airlight=True, follows_edges=False, seen_side=64, below_floor=True
    ),
}


def depth_logits(numbers: Tensor, beta: Tensor, brightness: Tensor, grid: int) -> Tensor:
    """Logits (batch, 4, grid, grid) of haze in rooms as ``room_depth`` draws them: t = exp(-beta d) (Narasimhan 2002).

    ``beta`` and ``brightness`` are standard normal, (batch,); attenuation is 0.4 to 2.1 over the longest distance.
    """
    look = LOOKS["depth"]
    attenuation = 0.4 + 1.7 * _uniform(beta)[:, None, None, None]
    transmission = torch.exp(-attenuation * room_depth(numbers, grid))
    share = (transmission - look.least_transmission) / (1.0 - look.least_transmission)
    bright = (0.8 + 0.8 * brightness)[:, None, None, None].expand_as(share)
    return torch.cat(
        [torch.logit(share.clamp(0.02, 0.98)), bright, torch.zeros_like(share), torch.zeros_like(share)], 1
    )


def glow_logits(clear: Tensor, fields: Tensor, strength: Tensor, halo: Tensor) -> Tensor:
    """Logits (batch, 4, grid, grid) of light from out of focus over small clear pictures (batch, 3, grid, grid).

    An even ground, unevenly lit by ``fields`` (batch, 1, grid, grid), and halos: the picture's own light, spread wide.
    ``strength`` and ``halo`` are standard normal, (batch,).
    """
    grid = clear.shape[-1]
    ground = 0.02 + 0.18 * _uniform(strength)[:, None, None, None] ** 1.5
    uneven = torch.exp(0.15 * fields)
    spread = _blurred(_blurred(clear.mean(1, keepdim=True), grid // 4), grid // 4)
    added = ground * uneven + 0.8 * _uniform(halo)[:, None, None, None] * spread
    logits = _logits_of_light(added)
    return torch.cat([logits, torch.zeros_like(logits).expand(-1, 3, -1, -1)], 1)


def floor_of(small: Tensor) -> Tensor:
    """The light that every neighbourhood larger than a nucleus shows, (batch, 1, h, w), of RGB (batch, 3, h, w).

    A grey opening (Serra 1982) of the mean of the channels, smoothed: what is smaller than the window is not in it,
    however dim, so that no nucleus can be taken for glow.
    """
    grey, reach = small.mean(1, keepdim=True), FLOOR_WINDOW // 2
    darkest = -F.max_pool2d(-grey, FLOOR_WINDOW, 1, reach)
    opened = F.max_pool2d(darkest, FLOOR_WINDOW, 1, reach)
    return F.avg_pool2d(opened, FLOOR_WINDOW, 1, reach, count_include_pad=False)


def logits_below_floor(logits: Tensor, small: Tensor) -> Tensor:
    """Logits (batch, 1, gh, gw) read as the share of the floor of the picture that is glow, as transmission's.

    The picture is ``small``, RGB (batch, 3, h, w).
    """
    share = MOST_OF_FLOOR * torch.sigmoid(logits)
    floor = F.interpolate(floor_of(small), logits.shape[-2:], mode="bilinear", align_corners=False)
    return _logits_of_light(share * floor)


def _logits_of_light(added: Tensor) -> Tensor:
    """Transmission's logits of light that is added, in [0, 1]."""
    most = 1.0 - LOOKS["glow"].least_transmission
    return torch.logit(1.0 - (added / GLOW_LIGHT / most).clamp(1e-4, 0.99))


def room_depth(numbers: Tensor, grid: int) -> Tensor:
    """Distances (batch, 1, grid, grid) in rooms and streets, the farthest 1: walls, ground, sky or ceiling, and things.

    ``numbers`` (batch, ROOM_NUMBERS + BOXES * BOX_NUMBERS) are standard normal. A pinhole camera looks into a box from
    within; things are upright plates that stand on what is behind their foot.
    """
    room, boxes = torch.split(numbers, [ROOM_NUMBERS, BOXES * BOX_NUMBERS], dim=1)
    focal, yaw, pitch, left, right, down, up, far, _, _ = (_uniform(n)[:, None, None] for n in room.unbind(1))
    line = torch.linspace(-0.5, 0.5, grid, device=numbers.device)
    v, u = (axis[None] / (0.7 + 0.6 * focal) for axis in torch.meshgrid(line, line, indexing="ij"))
    sin_yaw, cos_yaw = torch.sin(1.6 * yaw - 0.8), torch.cos(1.6 * yaw - 0.8)
    sin_pitch, cos_pitch = torch.sin(0.5 * pitch - 0.15), torch.cos(0.5 * pitch - 0.15)
    y, z = v * cos_pitch + sin_pitch, cos_pitch - v * sin_pitch
    x, z = u * cos_yaw + z * sin_yaw, z * cos_yaw - u * sin_yaw
    walls = [
        _until(x, 0.8 + 3.2 * right, 0.8 + 3.2 * left),
        _until(y, 1.0 + 0.7 * down, 0.8 + 1.2 * up),
        _until(z, 2.0 + 6.0 * far, torch.full_like(far, 10.0)),
    ]
    depth = torch.stack(walls).amin(0).clamp(max=10.0)
    for box in boxes.view(-1, BOXES, BOX_NUMBERS).unbind(1):
        depth = _with_thing(depth, _uniform(box), grid)
    return (depth / depth.amax((1, 2), keepdim=True))[:, None]


def follow_edges(field: Tensor, picture: Tensor) -> Tensor:
    """A field (batch, 1, h, w) with edges where the picture (batch, 3, h, w) has some (He et al. 2010)."""
    radius = max(2, picture.shape[-1] // 12)
    guide = picture.mean(1, keepdim=True)
    mean_guide, mean_field = _blurred(guide, radius), _blurred(field, radius)
    covariance = _blurred(guide * field, radius) - mean_guide * mean_field
    slope = covariance / (_blurred(guide * guide, radius) - mean_guide * mean_guide + 1e-3)
    return _blurred(slope, radius) * guide + _blurred(mean_field - slope * mean_guide, radius)


def _until(direction: Tensor, ahead: Tensor, behind: Tensor) -> Tensor:
    """Distance to the nearer of two parallel walls, along the optical axis' unit."""
    step = direction.abs().clamp(min=1e-4)
    return torch.where(direction > 0, ahead, behind) / step


def _with_thing(depth: Tensor, box: Tensor, grid: int) -> Tensor:
    centre_x, centre_y, width, height, nearness, shape = (n[:, None, None] for n in box.unbind(1))
    line = torch.linspace(0.0, 1.0, grid, device=depth.device)
    y, x = (axis[None] for axis in torch.meshgrid(line, line, indexing="ij"))
    centre_y = 0.4 + 0.7 * centre_y
    width, height = 0.05 + 0.25 * width, 0.05 + 0.3 * height
    across, along = (x - centre_x) / width, (y - centre_y) / height
    inside = torch.where(shape < 0.6, torch.maximum(across.abs(), along.abs()), (across**2 + along**2).sqrt()) < 1.0
    inside = inside & (nearness > 0.3)
    foot_row = ((centre_y + height) * (grid - 1)).round().long().clamp(0, grid - 1).flatten()
    foot_column = (centre_x * (grid - 1)).round().long().clamp(0, grid - 1).flatten()
    foot = depth[torch.arange(len(depth)), foot_row, foot_column][:, None, None]
    return torch.where(inside, torch.minimum(depth, foot * (0.75 + 0.25 * nearness)), depth)


def _blurred(field: Tensor, radius: int) -> Tensor:
    padded = F.pad(field, (radius,) * 4, mode="replicate")
    return F.avg_pool2d(padded, 2 * radius + 1, stride=1)


def _uniform(normal: Tensor) -> Tensor:
    """Standard normal numbers as uniform ones in (0, 1)."""
    return 0.5 * (1.0 + torch.erf(normal / math.sqrt(2.0)))
