"""The phantom's anatomy: a painted still of organs, fat and vessels, lit from the scope."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from eid_stream.smoke.turbulence import TILE, noise_tile

Field = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Organ:
    """A dome with an uneven outline. Places and radii in units of anatomy, from the centre; angle in radians."""

    place: tuple[float, float]
    radii: tuple[float, float]
    angle: float
    height: float
    colour: tuple[float, float, float]
    mottle: tuple[float, float, float]
    """Colour of the organ's patches."""
    outline: float = 0.12
    bumps: float = 0.004
    lobules: float = 0.0
    vessels: int = 0
    wet: float = 0.6


LIVER = ((0.36, 0.10, 0.09), (0.47, 0.17, 0.13))
FAT = ((0.92, 0.62, 0.26), (0.95, 0.76, 0.44))
BOWEL = ((0.80, 0.42, 0.38), (0.88, 0.58, 0.52))
WALL = ((0.62, 0.28, 0.25), (0.74, 0.42, 0.36))
GALLBLADDER = ((0.62, 0.50, 0.42), (0.74, 0.64, 0.50))
BED = ((0.50, 0.10, 0.08), (0.66, 0.22, 0.15))

VESSELS = ((0.55, 0.10, 0.09), (0.42, 0.17, 0.26))

ORGANS = (
    Organ((0.05, 0.10), (0.60, 0.45), 0.2, 0.05, *BED, outline=0.05, bumps=0.010, vessels=4, wet=1.0),
    Organ((0.34, -0.22), (0.42, 0.22), 0.3, 0.12, *WALL, vessels=5, wet=0.4),
    Organ((-0.33, -0.20), (0.46, 0.30), -0.25, 0.16, *LIVER, outline=0.06, bumps=0.0025, wet=0.9),
    Organ((0.30, 0.24), (0.30, 0.16), -0.35, 0.10, *FAT, outline=0.22, bumps=0.004, lobules=0.035, vessels=3),
    Organ((-0.02, -0.04), (0.13, 0.20), 0.55, 0.11, *GALLBLADDER, outline=0.07, bumps=0.002, vessels=4, wet=0.9),
    Organ((-0.34, 0.27), (0.24, 0.13), 0.15, 0.10, *BOWEL, outline=0.08, bumps=0.002, vessels=6, wet=0.8),
    Organ((-0.08, 0.33), (0.22, 0.11), -0.1, 0.09, *FAT, outline=0.25, bumps=0.004, lobules=0.028, vessels=2),
)


def paint_scene(*, seed: int, width: int, height: int, reach: float = 1.0) -> Field:
    """Paint the anatomy, float32 (height, width, 3) RGB in [0, 1]; every seed moves and turns the organs a little.

    ``reach`` is how many units of anatomy the width of the picture takes in.
    """
    rng = np.random.default_rng([seed, 0x5CE8E])
    x, y = _places(width, height, reach)
    colour = np.full((height, width, 3), WALL[0], np.float32)
    relief = 0.02 * _noise(rng, x, y, 0.5)
    wet = np.full((height, width), 0.5, np.float32)
    for organ in ORGANS:
        box = _box(organ, x, y)
        _add(organ, rng, x[box], y[box], colour[box], relief[box], wet[box])
    return _lit(rng, x, y, colour, relief, wet)


def _places(width: int, height: int, reach: float) -> tuple[Field, Field]:
    x = (((np.arange(width, dtype=np.float32) + 0.5) / width - 0.5) * np.float32(reach))[None, :]
    y = ((((np.arange(height, dtype=np.float32) + 0.5) - 0.5 * height) / width) * np.float32(reach))[:, None]
    return np.repeat(x, height, axis=0), np.repeat(y, width, axis=1)


def _unit(x: Field) -> float:
    """Pixels per unit of anatomy."""
    return 1.0 / float(x[0, 1] - x[0, 0])


def _noise(rng: np.random.Generator, x: Field, y: Field, scale: float) -> Field:
    """Smooth noise of variance about 1 whose largest features are ``scale`` units of anatomy."""
    tile = noise_tile(int(rng.integers(12)))
    shift = rng.uniform(0.0, TILE, 2).astype(np.float32)
    factor = np.float32(TILE / (4.0 * scale))
    sampled = cv2.remap(
        tile, x * factor + shift[0], y * factor + shift[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP
    )
    return np.asarray(sampled, np.float32)


def _box(organ: Organ, x: Field, y: Field) -> tuple[slice, slice]:
    """Rows and columns that an organ and its shadow reach."""
    cosine, sine = np.cos(organ.angle), np.sin(organ.angle)
    across = 1.7 * float(np.hypot(organ.radii[0] * cosine, organ.radii[1] * sine)) + 0.03
    down = 1.7 * float(np.hypot(organ.radii[0] * sine, organ.radii[1] * cosine)) + 0.03
    rows = np.searchsorted(y[:, 0], (organ.place[1] - down, organ.place[1] + down))
    columns = np.searchsorted(x[0], (organ.place[0] - across, organ.place[0] + across))
    return slice(int(rows[0]), int(rows[1])), slice(int(columns[0]), int(columns[1]))


def _add(organ: Organ, rng: np.random.Generator, x: Field, y: Field, colour: Field, relief: Field, wet: Field) -> None:
    """Lay an organ over what is painted: its shadow first, then its colour, shape and vessels."""
    distance = _distance(organ, rng, x, y)
    alpha = np.clip((1.0 - distance) / 0.04 + 0.5, 0.0, 1.0)
    shadow = 1.0 - 0.5 * np.exp(-np.maximum(distance - 1.0, 0.0) / 0.14)
    dome = organ.height * np.clip(1.15 - distance * distance, 0.02, 1.15) ** 0.7
    surface = dome + organ.bumps * _noise(rng, x, y, 0.10)
    patches = np.clip(0.5 + 0.45 * _noise(rng, x, y, 0.15), 0.0, 1.0)[..., None]
    skin = np.asarray(organ.colour, np.float32) * (1.0 - patches) + np.asarray(organ.mottle, np.float32) * patches
    if organ.lobules:
        groove = _lobules(rng, x, organ.lobules)
        surface += 0.30 * organ.lobules * groove
        skin *= (0.68 + 0.32 * groove)[..., None]
    if organ.vessels:
        _draw_vessels(organ, rng, skin, x, y)
    colour *= shadow[..., None]
    colour += alpha[..., None] * (skin - colour)
    relief += alpha * (surface - relief)
    wet += alpha * (organ.wet - wet)


def _distance(organ: Organ, rng: np.random.Generator, x: Field, y: Field) -> Field:
    """Distance from the organ's centre, 1 on its outline."""
    shift = rng.normal(0.0, 0.02, 2).astype(np.float32)
    angle = organ.angle + rng.normal(0.0, 0.1)
    cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    dx, dy = x - np.float32(organ.place[0]) - shift[0], y - np.float32(organ.place[1]) - shift[1]
    along, across = (dx * cosine + dy * sine) / organ.radii[0], (dy * cosine - dx * sine) / organ.radii[1]
    return np.asarray(np.sqrt(along**2 + across**2) + organ.outline * _noise(rng, x, y, 0.25), np.float32)


def _lobules(rng: np.random.Generator, x: Field, size: float) -> Field:
    """Rounded cells of fat, 1 in their middle, 0 in the grooves between them; ``size`` in units of anatomy."""
    height, width = x.shape
    pixels = size * _unit(x)
    count = int(height * width / pixels**2)
    empty = np.full((height, width), 255, np.uint8)
    empty[rng.integers(0, height, count), rng.integers(0, width, count)] = 0
    away = cv2.distanceTransform(empty, cv2.DIST_L2, 3) / np.float32(0.75 * pixels)
    domes = np.sqrt(np.clip(1.0 - away * away, 0.0, 1.0))
    return np.asarray(cv2.GaussianBlur(domes, (0, 0), max(0.6, 0.06 * pixels)), np.float32)


def _draw_vessels(organ: Organ, rng: np.random.Generator, skin: Field, x: Field, y: Field) -> None:
    """Branching vessels in the organ's skin; arteries are red, veins bluish."""
    height, width = skin.shape[:2]
    unit, corner = _unit(x), np.array((x[0, 0], y[0, 0]))
    masks = [np.zeros((height, width), np.uint8) for _ in VESSELS]
    for number in range(organ.vessels):
        start = (np.array(organ.place) + rng.uniform(-0.7, 0.7, 2) * organ.radii - corner) * unit
        thickness = unit * rng.uniform(0.0018, 0.0042)
        mask = masks[0 if number % 3 else 1]
        _draw_branch(mask, rng, start, rng.uniform(-np.pi, np.pi), thickness, unit / 90.0, 0)
    for mask, blood in zip(masks, VESSELS, strict=True):
        opacity = cv2.GaussianBlur(mask, (0, 0), max(0.5, unit / 1500)) * np.float32(0.5 / 255.0)
        skin += opacity[..., None] * (np.array(blood, np.float32) - skin)


def _draw_branch(
    mask: NDArray[np.uint8],
    rng: np.random.Generator,
    start: NDArray[np.float64],
    heading: float,
    thickness: float,
    step: float,
    generation: int,
) -> None:
    place = start
    for _ in range(14):
        heading += rng.normal(0.0, 0.3)
        following = place + step * np.array([np.cos(heading), np.sin(heading)])
        ends = [tuple(int(value) for value in np.rint(16.0 * point)) for point in (place, following)]
        cv2.line(mask, ends[0], ends[1], (255.0,), max(1, round(thickness)), cv2.LINE_AA, 4)
        if generation < 3 and rng.random() < 0.22:
            side = heading + rng.choice((-1.0, 1.0)) * rng.uniform(0.4, 0.9)
            _draw_branch(mask, rng, following, side, 0.65 * thickness, step, generation + 1)
        place, thickness = following, 0.95 * thickness


def _lit(rng: np.random.Generator, x: Field, y: Field, colour: Field, relief: Field, wet: Field) -> Field:
    """Light the relief from the scope, add what wet tissue mirrors, and let the light fall off."""
    texels = np.float32(_unit(x))
    relief = cv2.GaussianBlur(relief, (0, 0), 0.003 * _unit(x)) + 0.00025 * _noise(rng, x, y, 0.03)
    slope_x = cv2.Sobel(relief, cv2.CV_32F, 1, 0, ksize=3, scale=1.0 / 8.0) * texels
    slope_y = cv2.Sobel(relief, cv2.CV_32F, 0, 1, ksize=3, scale=1.0 / 8.0) * texels
    facing = 1.0 / np.sqrt(1.0 + slope_x**2 + slope_y**2)
    squared = x**2 + (y + 0.02) ** 2
    falloff = 1.0 / (1.0 + 2.6 * squared)
    # A highlight lies where the surface mirrors the scope: its slope then points from the place back to the light.
    astray = (slope_x - 0.9 * x + 0.06) ** 2 + (slope_y - 0.9 * y - 0.05) ** 2
    highlights = cv2.exp(-astray / np.float32(0.012)) * np.clip(_noise(rng, x, y, 0.04) + 0.1, 0.0, 1.2) * wet
    diffuse = colour * ((0.42 + 0.63 * facing**1.3) * falloff * 1.2)[..., None]
    return np.asarray(np.clip(diffuse + (0.8 * highlights * falloff)[..., None], 0.0, 1.0), np.float32)
