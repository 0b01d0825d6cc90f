"""Views of pictures on the thumbnail's canvas: crops, flips, exposure and colour, as cameras differ."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from eid_stream.thumbnail import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH, fit
from training.picture_cache import Picture

Array = NDArray[np.float32]
OVEREXPOSED_SHARE = 0.15
"""Share of views that are bright, pale and partly white without any smoke of their own."""
OVEREXPOSED_CLEAR_SHARE = 0.6
"""The same where it has to be learned that such views are clear."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A picture on the canvas: RGB (3, height, width) in [0, 1] and content (1, height, width), 0 or 1."""

    rgb: Array
    content: Array


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """How a picture is looked at: the same pose shows several pictures of one scene alike."""

    box: tuple[int, int, int, int]
    """Left, top, width, height."""
    curves: NDArray[np.uint8] | None = None
    """Tables for R, G and B, shape (1, 256, 3)."""
    mix: NDArray[np.float64] | None = None
    """Saturation: RGB to RGB."""
    mirrored: bool = False
    upside_down: bool = False


def plain_view(picture: Picture) -> View:
    """The whole picture, letterboxed: what the runtime shows the student."""
    height, width = picture.rgb.shape[:2]
    return view(picture, Pose((0, 0, width, height)))


def random_view(picture: Picture, rng: np.random.Generator, overexposed: float = OVEREXPOSED_SHARE) -> View:
    """A random crop (often the content box, sometimes with its border), flipped and re-coloured."""
    return view(picture, draw_pose(picture, rng, overexposed))


def draw_pose(picture: Picture, rng: np.random.Generator, overexposed: float = OVEREXPOSED_SHARE) -> Pose:
    """A random pose for a picture; ``overexposed`` is the share that is."""
    box = _random_box(picture, rng)
    curves, mix = _draw_colours(rng, overexposed)
    return Pose(box, curves, mix, mirrored=rng.random() < 0.5, upside_down=rng.random() < 0.25)


def view(picture: Picture, pose: Pose) -> View:
    """The picture in a pose."""
    left, top, width, height = pose.box
    inside = np.s_[top : top + height, left : left + width]
    rgb = picture.rgb[inside]
    if pose.curves is not None and pose.mix is not None:
        rgb = np.asarray(cv2.transform(cv2.LUT(rgb, pose.curves), pose.mix), np.uint8)
    return _on_canvas(rgb, picture.content[inside], mirrored=pose.mirrored, upside_down=pose.upside_down)


def _random_box(picture: Picture, rng: np.random.Generator) -> tuple[int, int, int, int]:
    height, width = picture.rgb.shape[:2]
    left, top, box_width, box_height = (0, 0, width, height) if rng.random() < 0.3 else picture.box
    if rng.random() < 0.25:
        return left, top, box_width, box_height
    share = rng.uniform(0.55, 1.0)
    stretch = float(np.exp(rng.uniform(-0.2, 0.2)))
    new_width = int(np.clip(box_width * share * stretch, 16, box_width))
    new_height = int(np.clip(box_height * share / stretch, 16, box_height))
    left += int(rng.integers(0, box_width - new_width + 1))
    top += int(rng.integers(0, box_height - new_height + 1))
    return left, top, new_width, new_height


def _on_canvas(rgb: NDArray[np.uint8], content: NDArray[np.uint8], *, mirrored: bool, upside_down: bool) -> View:
    height, width = content.shape
    area = fit(width, height, THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT)
    shown = np.zeros((THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH, 3), np.float32)
    inside = np.zeros((THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH), np.float32)
    place, size = (
        np.s_[area.top : area.top + area.height, area.left : area.left + area.width],
        (area.width, area.height),
    )
    shown[place] = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA) * np.float32(1 / 255)
    inside[place] = cv2.resize(content, size, interpolation=cv2.INTER_NEAREST)
    if mirrored:
        shown, inside = shown[:, ::-1], inside[:, ::-1]
    if upside_down:
        shown, inside = shown[::-1], inside[::-1]
    return View(np.ascontiguousarray(shown.transpose(2, 0, 1)), np.ascontiguousarray(inside[None]))


def _draw_colours(rng: np.random.Generator, overexposed: float) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Gamma, exposure and white balance as tables, saturation as one matrix; black stays black."""
    gamma = np.exp(rng.normal(0.0, 0.15))
    gains = np.exp(rng.normal(0.0, 0.12) + rng.normal(0.0, 0.05, 3))
    saturation = float(np.exp(rng.normal(0.0, 0.15)))
    if rng.random() < overexposed:
        gamma *= rng.uniform(0.5, 1.0)
        gains *= rng.uniform(1.0, 2.5)
        saturation *= float(rng.uniform(0.3, 1.0))
    curve = np.linspace(0.0, 1.0, 256)[:, None] ** gamma * gains * 255.0
    curves = np.clip(np.rint(curve), 0, 255).astype(np.uint8)[None]
    return curves, saturation * np.eye(3) + (1.0 - saturation) / 3.0
