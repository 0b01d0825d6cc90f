"""Views of pictures on the thumbnail's canvas: crops, flips, exposure and colour, as cameras differ."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from eid_stream.core.thumbnail import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH, Area, fit
from training.data.picture_cache import Picture

Array = NDArray[np.float32]
BRIGHT_SHARE = 0.3
"""Share of views that are bright, pale and partly white, as robotic cameras show many: smoky and clear ones alike."""
RECOLOURED_SHARE = 0.06
"""Share of views in colours and tones of no operation: what was never seen is not smoke, and smoke before it is."""
ROOM_SHARE = 0.12
"""Share of views that fill only a part of the canvas, as in recordings of screens and of several pictures at once."""
ROOM_SCALES = (0.5, 0.95)
ROUND_SHARE = 0.6
"""Share of those that are round."""
SURROUNDED_SHARE = 0.5
"""Share of those that have something dim beside them: a desk, a room, another picture. It is not smoke."""
DIM = (0.03, 0.3)
"""How bright that is, relative to a scene."""
CLOSE_SHARE = 0.15
"""Share of views from close by, in which surfaces are smooth and edges few without any smoke."""
CLOSE_CROPS, CROPS = (0.2, 0.55), (0.55, 1.0)
"""What of a picture's width and height is seen from close by, and otherwise."""
MIRRORED_SHARE, UPSIDE_DOWN_SHARE = 0.5, 0.25


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A picture on the canvas: RGB (3, height, width) in [0, 1] and content (1, height, width), 0 or 1."""

    rgb: Array
    content: Array
    area: Area | None = None
    """Where the picture lies; None: it fills the canvas."""


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """How a picture is looked at: the same pose shows several pictures of one scene alike."""

    box: tuple[int, int, int, int]
    """Left, top, width, height."""
    curves: NDArray[np.uint8] | None = None
    """Tables for R, G and B, shape (1, 256, 3)."""
    mix: NDArray[np.float64] | None = None
    """Saturation: RGB to RGB."""
    palette: NDArray[np.uint8] | None = None
    """Colour (1, 256, 3) that each level of the picture's brightness is shown in instead of its own."""
    room: "Room | None" = None
    mirrored: bool = False
    upside_down: bool = False
    shrink: int = 1
    """By how much the canvas is smaller than the thumbnail's, in either direction."""


@dataclass(frozen=True, slots=True)
class Room:
    """What is around a view that does not fill the canvas: black, and perhaps something dim."""

    scale: float
    """Of the view."""
    left: float
    top: float
    """Shares of the free space."""
    radius: float | None
    """Of what is seen of the view, as a share of its height, where it is round."""
    dim: float = 0.0
    """Brightness of what is beside it, which fills ``sides`` of the canvas."""
    sides: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    """Left, top, right, bottom, as shares of the canvas."""


def plain_view(picture: Picture) -> View:
    """The whole picture, letterboxed: what the runtime shows the student."""
    height, width = picture.rgb.shape[:2]
    return view(picture, Pose((0, 0, width, height)))


def random_view(picture: Picture, rng: np.random.Generator, shrink: int = 1) -> View:
    """A random crop (often the content box, sometimes with its border), flipped and re-coloured."""
    pose = draw_pose(picture, rng, shrink)
    palette = draw_palette(rng) if rng.random() < RECOLOURED_SHARE else None
    room = _draw_room(rng) if rng.random() < ROOM_SHARE else None
    return view(picture, replace(pose, palette=palette, room=room))


def draw_pose(picture: Picture, rng: np.random.Generator, shrink: int = 1) -> Pose:
    """A random pose for a picture, on a canvas that is smaller by ``shrink``."""
    box = _random_box(picture, rng)
    curves, mix = draw_colours(rng, BRIGHT_SHARE)
    mirrored, upside_down = rng.random() < MIRRORED_SHARE, rng.random() < UPSIDE_DOWN_SHARE
    return Pose(box, curves, mix, mirrored=mirrored, upside_down=upside_down, shrink=shrink)


def view(picture: Picture, pose: Pose) -> View:
    """The picture in a pose."""
    left, top, width, height = pose.box
    inside = np.s_[top : top + height, left : left + width]
    rgb = picture.rgb[inside]
    if pose.curves is not None and pose.mix is not None:
        rgb = recolour(rgb, pose.curves, pose.mix)
    if pose.palette is not None:
        grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
        rgb = np.asarray(cv2.addWeighted(cv2.LUT(cv2.merge([grey] * 3), pose.palette), 0.85, rgb, 0.15, 0.0), np.uint8)
    shown = _on_canvas(rgb, picture.content[inside], pose)
    return _in_room(shown, pose.room) if pose.room else shown


def recolour(rgb: NDArray[np.uint8], curves: NDArray[np.uint8], mix: NDArray[np.float64]) -> NDArray[np.uint8]:
    """A picture (h, w, 3) in colours as of ``draw_colours``."""
    return np.asarray(cv2.transform(cv2.LUT(rgb, curves), mix), np.uint8)


def _random_box(picture: Picture, rng: np.random.Generator) -> tuple[int, int, int, int]:
    height, width = picture.rgb.shape[:2]
    left, top, box_width, box_height = (0, 0, width, height) if rng.random() < 0.3 else picture.box
    if rng.random() < 0.25:
        return left, top, box_width, box_height
    share = rng.uniform(*(CLOSE_CROPS if rng.random() < CLOSE_SHARE else CROPS))
    stretch = float(np.exp(rng.uniform(-0.2, 0.2)))
    new_width = int(np.clip(box_width * share * stretch, 16, box_width))
    new_height = int(np.clip(box_height * share / stretch, 16, box_height))
    left += int(rng.integers(0, box_width - new_width + 1))
    top += int(rng.integers(0, box_height - new_height + 1))
    return left, top, new_width, new_height


def _on_canvas(rgb: NDArray[np.uint8], content: NDArray[np.uint8], pose: Pose) -> View:
    height, width = content.shape
    rows, columns = THUMBNAIL_HEIGHT // pose.shrink, THUMBNAIL_WIDTH // pose.shrink
    area = fit(width, height, columns, rows)
    shown, inside = np.zeros((rows, columns, 3), np.float32), np.zeros((rows, columns), np.float32)
    place, size = (
        np.s_[area.top : area.top + area.height, area.left : area.left + area.width],
        (area.width, area.height),
    )
    shrunk = area.width < width or area.height < height
    how = cv2.INTER_AREA if shrunk else cv2.INTER_LINEAR
    shown[place] = cv2.resize(rgb, size, interpolation=how) * np.float32(1 / 255)
    inside[place] = cv2.resize(content, size, interpolation=cv2.INTER_NEAREST)
    if pose.mirrored:
        area = replace(area, left=columns - area.left - area.width)
        shown, inside = shown[:, ::-1], inside[:, ::-1]
    if pose.upside_down:
        area = replace(area, top=rows - area.top - area.height)
        shown, inside = shown[::-1], inside[::-1]
    return View(np.ascontiguousarray(shown.transpose(2, 0, 1)), np.ascontiguousarray(inside[None]), area)


def _in_room(shown: View, room: Room) -> View:
    height, width = (round(size * room.scale) for size in shown.content.shape[1:])
    top, left = (
        int(share * (size - smaller))
        for share, size, smaller in zip((room.top, room.left), shown.content.shape[1:], (height, width), strict=True)
    )
    place = np.s_[:, top : top + height, left : left + width]
    content, rgb = np.zeros_like(shown.content), np.zeros_like(shown.rgb)
    content[place] = cv2.resize(shown.content[0], (width, height), interpolation=cv2.INTER_NEAREST)
    if room.radius is not None:
        down, across = np.ogrid[:height, :width]
        away = np.hypot(down - height / 2.0, across - width / 2.0)
        content[place] *= away < room.radius * height
    smaller_rgb = cv2.resize(shown.rgb.transpose(1, 2, 0), (width, height), interpolation=cv2.INTER_AREA)
    rgb[place] = smaller_rgb.transpose(2, 0, 1)
    return View(np.where(content > 0.0, rgb, _beside(shown, room)), content)


def _beside(shown: View, room: Room) -> Array:
    """Something dim of no shape, made of the view itself: turned, out of focus, on a part of the canvas."""
    height, width = shown.content.shape[1:]
    left, top, right, bottom = (round(s * size) for s, size in zip(room.sides, (width, height) * 2, strict=True))
    beside = np.zeros_like(shown.rgb)
    turned = cv2.blur(np.ascontiguousarray(shown.rgb[:, ::-1, ::-1].transpose(1, 2, 0)), (9, 9))
    beside[:, top:bottom, left:right] = room.dim * turned.transpose(2, 0, 1)[:, top:bottom, left:right]
    return beside


def _draw_room(rng: np.random.Generator) -> Room:
    radius = float(rng.uniform(0.35, 0.6)) if rng.random() < ROUND_SHARE else None
    room = Room(float(rng.uniform(*ROOM_SCALES)), float(rng.random()), float(rng.random()), radius)
    if rng.random() >= SURROUNDED_SHARE:
        return room
    (left, right), (top, bottom) = np.sort(rng.uniform(-0.3, 1.3, (2, 2)).clip(0.0, 1.0)).tolist()
    return replace(room, dim=float(rng.uniform(*DIM)), sides=(left, top, right, bottom))


def draw_colours(rng: np.random.Generator, bright: float) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Gamma, exposure and white balance as tables (1, 256, 3), saturation as one matrix (3, 3); black stays black.

    ``bright`` is the share of exposures that leave a picture bright and pale.
    """
    gamma = np.exp(rng.normal(0.0, 0.18))
    gains = np.exp(rng.normal(0.0, 0.15) + rng.normal(0.0, 0.05, 3))
    saturation = float(np.exp(rng.normal(0.0, 0.15)))
    if rng.random() < bright:
        gamma *= rng.uniform(0.55, 1.0)
        gains *= rng.uniform(1.0, 1.6)
        saturation *= float(rng.uniform(0.4, 1.0))
    curve = np.linspace(0.0, 1.0, 256)[:, None] ** gamma * gains * 255.0
    curves = np.clip(np.rint(curve), 0, 255).astype(np.uint8)[None]
    return curves, saturation * np.eye(3) + (1.0 - saturation) / 3.0


def draw_palette(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Black, a dark colour, two brighter ones and something nearly white; brightness rises from each to the next."""
    dark, bright = rng.uniform(0.0, 0.1), rng.uniform(0.7, 1.0)
    brightness = np.array([0.0, dark, *np.sort(rng.uniform(dark + 0.05, bright, 2)), bright])[:, None]
    colours = brightness * (1.0 + rng.uniform(-1.0, 1.0, (5, 3)) * [[0.0], [0.4], [0.4], [0.3], [0.1]])
    levels = np.linspace(0.0, 1.0, 256)
    shown = np.stack([np.interp(levels, (0.0, 0.08, 0.25, 0.55, 1.0), channel) for channel in colours.T], axis=1)
    return np.clip(np.rint(shown * 255.0), 0, 255).astype(np.uint8)[None]
