"""The phantom's instruments: a coagulation hook, whose tip smokes, and a grasper; and how they move."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]

REACH, BREADTH = 0.9, 0.2
"""Size of a drawn instrument in picture widths; it points to the left, its tip is TIP of the way in."""
TIP = 0.04
METAL = (0.50, 0.52, 0.54)
INSULATION = (0.10, 0.10, 0.11)
CERAMIC = (0.88, 0.85, 0.78)


@dataclass(frozen=True, slots=True)
class Motion:
    """How a tip wanders about a place while its shaft turns about the port; fractions of the picture's width."""

    port: tuple[float, float]
    place: tuple[float, float]
    swing: tuple[float, float]
    rates: tuple[float, float]
    """Radians per second, across and down."""
    phase: float

    def tip(self, seconds: float) -> tuple[float, float]:
        """Where the tip is."""
        return (
            self.place[0] + self.swing[0] * float(np.sin(self.rates[0] * seconds + self.phase)),
            self.place[1] + self.swing[1] * float(np.sin(self.rates[1] * seconds + 2.0 * self.phase)),
        )

    def placement(self, seconds: float) -> NDArray[np.float64]:
        """The (2, 3) matrix that carries points of the drawn instrument into the picture, both in picture widths."""
        tip = np.array(self.tip(seconds))
        heading = np.arctan2(self.port[1] - tip[1], self.port[0] - tip[0])
        cosine, sine = np.cos(heading), np.sin(heading)
        turn = np.array([[cosine, -sine], [sine, cosine]])
        shift = tip - turn @ np.array([TIP, BREADTH / 2.0])
        return np.column_stack([turn, shift])


def draw_motions(*, seed: int, aspect: float) -> tuple[Motion, Motion]:
    """Motions of the hook and the grasper for pictures whose height is ``aspect`` widths."""
    rng = np.random.default_rng([seed, 0x700C])
    hook = Motion(
        port=(1.15, 0.25 * aspect),
        place=(rng.normal(0.57, 0.03), rng.normal(0.62, 0.03) * aspect),
        swing=(0.05, 0.03),
        rates=(rng.uniform(0.7, 1.3), rng.uniform(1.0, 1.9)),
        phase=rng.uniform(0.0, 6.0),
    )
    grasper = Motion(
        port=(-0.15, 1.15 * aspect),
        place=(rng.normal(0.37, 0.02), rng.normal(0.50, 0.03) * aspect),
        swing=(0.02, 0.025),
        rates=(rng.uniform(0.3, 0.7), rng.uniform(0.4, 0.8)),
        phase=rng.uniform(0.0, 6.0),
    )
    return hook, grasper


def draw_hook(width: int) -> tuple[Field, Field]:
    """Colour (h, w, 3) RGB and opacity (h, w) of the hook for pictures of a width, with the shadow it throws."""
    x, y = _places(width)
    shaft = _rod(x, y, 0.155, REACH, 0.032)
    collar = _rod(x, y, 0.115, 0.160, 0.022)
    neck = _rod(x, y, TIP + 0.004, 0.12, 0.0065)
    hook = _rod(y - BREADTH / 2.0, x - TIP - 0.006, -0.006, 0.026, 0.0055)
    parts = ((neck, METAL, 0.9), (hook, METAL, 0.9), (collar, CERAMIC, 0.4), (shaft, INSULATION, 0.35))
    return _finished(parts, width)


def draw_grasper(width: int) -> tuple[Field, Field]:
    """Colour and opacity of the grasper, as of the hook."""
    x, y = _places(width)
    shaft = _rod(x, y, 0.18, REACH, 0.029)
    joint = _rod(x, y, 0.15, 0.19, 0.021)
    jaws = [_jaw(x, y, side) for side in (-1.0, 1.0)]
    parts = ((jaws[0], METAL, 0.9), (jaws[1], METAL, 0.9), (joint, METAL, 0.7), (shaft, METAL, 0.8))
    return _finished(parts, width)


Part = tuple[tuple[Field, Field], tuple[float, float, float], float]


def _places(width: int) -> tuple[Field, Field]:
    columns, rows = round(REACH * width), round(BREADTH * width)
    x = (np.arange(columns, dtype=np.float32) + 0.5)[None, :] / width
    y = (np.arange(rows, dtype=np.float32) + 0.5)[:, None] / width
    return np.repeat(x, rows, axis=0), np.repeat(y, columns, axis=1)


def _rod(along: Field, across: Field, start: float, end: float, half: float) -> tuple[Field, Field]:
    """Opacity of a rod about the middle line, and the place across it from -1 to 1."""
    middle = BREADTH / 2.0 if start >= 0.0 else 0.0
    place = (across - np.float32(middle)) / np.float32(half)
    pixel = abs(float(along[-1, -1] - along[0, 0])) / max(along.shape)
    ends = np.minimum(along - start, end - along) / pixel
    sides = (1.0 - np.abs(place)) * np.float32(half / pixel)
    return np.clip(np.minimum(ends, sides) + 0.5, 0.0, 1.0), np.clip(place, -1.0, 1.0)


def _jaw(x: Field, y: Field, side: float) -> tuple[Field, Field]:
    """A slightly opened, curved jaw with a window in it."""
    away = np.clip((0.165 - x) / (0.165 - TIP), 0.0, 1.0)
    middle = BREADTH / 2.0 + side * (0.010 + 0.022 * np.sqrt(away) * (1.0 - 0.45 * away))
    half = 0.011 - 0.005 * away
    place = (y - middle) / half
    pixel = 1.0 / (x.shape[1] / REACH)
    ends = np.minimum(x - TIP, 0.17 - x) / pixel
    body = np.minimum(ends, (1.0 - np.abs(place)) * half / pixel)
    window = np.minimum(np.minimum(x - 0.07, 0.13 - x) / pixel, (0.35 - np.abs(place)) * half / pixel)
    opacity = np.clip(np.minimum(body, -window) + 0.5, 0.0, 1.0)
    return np.asarray(opacity, np.float32), np.asarray(np.clip(place, -1.0, 1.0), np.float32)


def _finished(parts: tuple[Part, ...], width: int) -> tuple[Field, Field]:
    """Shade the parts as cylinders, lay them over each other and put a soft shadow under them."""
    height, columns = parts[0][0][0].shape
    colour = np.zeros((height, columns, 3), np.float32)
    opacity = np.zeros((height, columns), np.float32)
    for (alpha, place), tone, gloss in parts:
        lit = 0.25 + 0.75 * np.sqrt(1.0 - place * place)
        shine = gloss * (np.exp(-(((place + 0.3) / 0.10) ** 2)) + 0.25 * np.exp(-(((place - 0.45) / 0.2) ** 2)))
        shaded = np.clip(np.asarray(tone, np.float32) * (0.75 * lit)[..., None] + 0.45 * shine[..., None], 0.0, 1.0)
        colour += alpha[..., None] * (shaded - colour)
        opacity = np.maximum(opacity, alpha)
    offset = np.array([[1.0, 0.0, 0.012 * width], [0.0, 1.0, 0.020 * width]])
    shadow = cv2.GaussianBlur(cv2.warpAffine(opacity, offset, (columns, height)), (0, 0), 0.010 * width)
    covered = opacity + 0.45 * (1.0 - opacity) * shadow
    premultiplied = colour * opacity[..., None]
    plain = premultiplied / np.maximum(covered, 1e-3)[..., None]
    return np.asarray(plain, np.float32), np.asarray(covered, np.float32)
