"""What real smoke hides, by what clear frames of the same camera look like: a label of opacity for hazy frames.

The dark channel (He et al. 2009) has the shape of the haze. How strong it is, how much of it is even and what its light
is are chosen for each frame so that it comes nearest to clear frames of its camera: a few numbers, as the memory of the
scene chooses them in use. Only as good as that: colours and contrasts of clear frames, not of this very scene.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.haze_score import haze_score
from training.data.picture_cache import Picture
from training.network.colour import rgb_to_ycbcr

Array = NDArray[np.float32]
COLUMNS = 48
"""Pixels that a frame's content is shrunk to for this."""
STRENGTHS = (0.0, 0.25, 0.5, 0.7, 0.85, 1.0)
EVEN = (0.0, 0.1, 0.2, 0.3, 0.45)
AIRLIGHTS = (0.45, 0.55, 0.65, 0.75, 0.85, 0.95, 1.05)
TINTS = (0.0, 1.0)
"""How far the light has the colour of what is haziest."""
MOST = 0.85
"""Opacity at most."""
SPREAD = 3.0
"""Pixels by which the dark channel is smoothed."""
NEAREST = 8
"""Clear frames that a corrected one is compared to, those most like it."""
CLEARER_SHARE = 0.6
"""Share of a camera's clear frames that count, those with the least haze score: a few do hold light haze."""
PRICE = 0.3
"""What the mean opacity costs, in standard deviations of clear frames: what hardly gains is not done."""
LEAST_GAIN = 0.03
"""A frame that comes no nearer to clear ones tells nothing."""
WHITE = 0.8
"""Where even the darkest channel is that bright, haze and white things look alike: nothing is believed."""
CLIPPED = 3.0
"""What the share of pixels below black costs."""
_TO_YCBCR = rgb_to_ycbcr(1).numpy()


@dataclass(frozen=True, slots=True, eq=False)
class HazeLabel:
    """What hides a frame, on its whole area."""

    opacity: Array
    """(h, w) in [0, MOST], none outside the content."""
    trust: Array
    """(h, w): 1 where that may be believed, 0 elsewhere."""
    airlight: Array
    """RGB (3,)."""
    gain: float
    """By how many standard deviations the frame came nearer to clear ones."""


class ClearLooks:
    """What clear frames of each camera look like."""

    def __init__(self, pictures: Sequence[Picture]) -> None:
        by_source: dict[str, list[Picture]] = {}
        for picture in pictures:
            if picture.kind == "clear":
                by_source.setdefault(picture.source, []).append(picture)
        looks = {source: _looks_of_clearer(clear) for source, clear in sorted(by_source.items())}
        self._all = np.concatenate(list(looks.values()))
        self._by_source = {source: some for source, some in looks.items() if len(some) >= NEAREST}
        self._spread = self._all.std(0) + np.float32(1e-3)

    def label(self, picture: Picture) -> HazeLabel:
        """The opacity that turns a hazy frame into one like the camera's clear ones."""
        rgb, inside = _small(picture)
        shape = _haze_shape(rgb, inside)
        wanted = self._by_source.get(picture.source, self._all)
        best, before = (np.inf, np.zeros_like(shape), np.ones(3, np.float32)), np.inf
        for airlight in _airlights(rgb, shape, inside):
            opacities = np.stack([_opacity(shape, k, e, airlight) for k, e in product(STRENGTHS, EVEN)])
            far = self._distances(rgb, inside, opacities, airlight, wanted)
            before = float(far[0])
            if far.min() < best[0]:
                best = float(far.min()), opacities[int(far.argmin())], airlight
        gain = before - best[0]
        trust = (shape < WHITE) * np.float32(gain > LEAST_GAIN)
        return HazeLabel(_on_picture(best[1], picture), _on_picture(trust, picture), best[2], gain)

    def _distances(self, rgb: Array, inside: Array, opacities: Array, airlight: Array, wanted: Array) -> Array:
        hidden = opacities[:, None]
        cleared = (rgb[None] - airlight[:, None, None] * hidden) / (1.0 - hidden)
        clipped = ((cleared.min(1) < -0.01) * inside).sum((1, 2)) / inside.sum()
        looks = _look(np.clip(cleared, 0.0, 1.0), inside)
        apart = (np.abs(looks[:, None] - wanted[None]) / self._spread).mean(2)
        count = min(NEAREST, len(wanted))
        near = np.partition(apart, count - 1, axis=1)[:, :count].mean(1)
        price = PRICE * (opacities * inside).sum((1, 2)) / inside.sum()
        return np.asarray(near + price + CLIPPED * clipped, np.float32)


def _looks_of_clearer(pictures: Sequence[Picture]) -> Array:
    order = np.argsort([haze_score(p) for p in pictures], kind="stable")
    clearer = [pictures[place] for place in order[: max(1, round(CLEARER_SHARE * len(order)))]]
    return np.concatenate([_look(*_small(p)) for p in clearer])


def _look(rgb: Array, inside: Array) -> Array:
    """Statistics (n, 10) of RGB (n, 3, h, w) or (3, h, w): luma, chroma, darkest channel, saturation, detail."""
    rgb = rgb.reshape(-1, *rgb.shape[-3:])
    area = inside.sum()
    ycbcr = np.einsum("ij,njhw->nihw", _TO_YCBCR, rgb).astype(np.float32)
    mean = (ycbcr * inside).sum((2, 3)) / area
    deviation = np.sqrt((((ycbcr - mean[..., None, None]) ** 2) * inside).sum((2, 3)) / area)
    darkest, brightest = rgb.min(1), rgb.max(1)
    dark = (darkest * inside).sum((1, 2)) / area
    darkest_part = np.sqrt(((darkest - dark[:, None, None]) ** 2 * inside).sum((1, 2)) / area)
    saturation = ((brightest - darkest) / (brightest + 0.1) * inside).sum((1, 2)) / area
    both = inside[:, 1:] * inside[:, :-1]
    detail = (np.abs(np.diff(ycbcr[:, 0], axis=2)) * both).sum((1, 2)) / (both.sum() + 1.0)
    others = np.stack([dark, darkest_part, saturation, np.log(detail + 0.003)], 1)
    return np.concatenate([mean, deviation, others], 1).astype(np.float32)


def _small(picture: Picture) -> tuple[Array, Array]:
    """RGB (3, h, w) in [0, 1] and content (h, w) of the box around a picture's content."""
    left, top, width, height = picture.box
    size = COLUMNS, max(8, round(COLUMNS * height / width))
    cut = np.s_[top : top + height, left : left + width]
    rgb = cv2.resize(picture.rgb[cut], size, interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255.0)
    inside = cv2.resize(picture.content[cut].astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.9
    if not inside.any():
        inside = np.ones_like(inside)
    return rgb.transpose(2, 0, 1), inside.astype(np.float32)


def _haze_shape(rgb: Array, inside: Array) -> Array:
    """The dark channel of windows of a tenth of the width, smoothed, (h, w)."""
    dark = cv2.erode(np.where(inside > 0, rgb.min(0), 1.0).astype(np.float32), np.ones((5, 5), np.uint8))
    dark = np.where(inside > 0, dark, 0.0).astype(np.float32)
    weight = cv2.GaussianBlur(inside, (0, 0), SPREAD)
    return np.asarray(cv2.GaussianBlur(dark, (0, 0), SPREAD) / np.maximum(weight, 0.05), np.float32)


def _airlights(rgb: Array, shape: Array, inside: Array) -> list[Array]:
    """Lights to try, RGB: grey, and of the colour of the haziest tenth."""
    haziest = (shape >= np.quantile(shape[inside > 0], 0.9)) & (inside > 0)
    colour = rgb[:, haziest].mean(1)
    colour = np.clip(colour / max(float(colour @ _TO_YCBCR[0]), 0.05), 0.6, 1.5)
    return [np.float32(a) * (1.0 + np.float32(t) * (colour - 1.0)) for a, t in product(AIRLIGHTS, TINTS)]


def _opacity(shape: Array, strength: float, even: float, airlight: Array) -> Array:
    local = strength * np.maximum(shape - 0.04, 0.0) / float(airlight.mean())
    return np.asarray(np.clip(local * (1.0 - even) + even, 0.0, MOST), np.float32)


def _on_picture(opacity: Array, picture: Picture) -> Array:
    left, top, width, height = picture.box
    whole = np.zeros(picture.content.shape, np.float32)
    whole[top : top + height, left : left + width] = cv2.resize(opacity, (width, height))
    return np.asarray(whole * picture.content, np.float32)
