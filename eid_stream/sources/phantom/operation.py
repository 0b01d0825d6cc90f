"""The phantom's operation: anatomy in motion, instruments and smoke, composed on Y'CbCr planes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from eid_stream.core.frame import Plane, Planes
from eid_stream.smoke import Smoke, SmokeLook, draw_look
from eid_stream.sources.phantom.codes import CodeValues, Field
from eid_stream.sources.phantom.instruments import draw_grasper, draw_hook, draw_motions
from eid_stream.sources.phantom.scene import paint_scene

MARGIN = 0.07
"""Anatomy painted beyond each edge, in picture widths, for the scope to move over."""
PAINTED = 1024
"""Widest anatomy that is painted; larger canvases enlarge it."""
VEIL = 160
"""Longest side of the veil before it is enlarged."""


@dataclass(frozen=True, slots=True, eq=False)
class Sprite:
    """An instrument on planes: code values times opacity, and what shows through, in full scale of the samples."""

    premultiplied: Planes
    through: Planes


class Operation:
    """What the scope sees at any time, clear or smoky; the same seed, size and time give the same planes."""

    def __init__(self, *, seed: int, width: int, height: int, smoke: float, code_values: CodeValues) -> None:
        """Paint what does not change: anatomy and instruments. ``smoke`` is the density of ``Smoke``."""
        self._width, self._height = width, height
        self._code_values = code_values
        layout = code_values.layout
        chroma = width / (1 << layout.chroma_shift_x), width / (1 << layout.chroma_shift_y)
        self._scales = (float(width), float(width)), chroma, chroma
        self._shapes = layout.plane_shapes(width, height)
        self._canvas = self._paint_canvas(seed)
        self._motions = draw_motions(seed=seed, aspect=height / width)
        self._sprites = [self._sprite(*draw(width)) for draw in (draw_hook, draw_grasper)]
        self._smoke = _smoke(seed, width, height, smoke) if smoke > 0.0 else None

    def clear(self, seconds: float) -> list[Plane]:
        """The scene without smoke."""
        camera = self._camera(seconds)
        planes = []
        for canvas, scale, (height, width) in zip(self._canvas, self._scales, self._shapes, strict=True):
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            planes.append(cast(Plane, cv2.warpAffine(canvas, _in_pixels(camera, scale), (width, height), flags=flags)))
        for motion, sprite in zip(self._motions, self._sprites, strict=True):
            self._overlay(planes, sprite, motion.placement(seconds))
        return planes

    def smoky(self, seconds: float) -> list[Plane]:
        """The scene with the smoke before it: I = J t + A (1 - t) on code values."""
        planes = self.clear(seconds)
        if self._smoke is None:
            return planes
        across, down = self._motions[0].tip(seconds)
        veil = self._smoke.veil(seconds, tips=[(across, down * self._width / self._height)])
        full = self._code_values.full
        added = self._code_values.of(np.minimum(veil.airlight, 1.0)) * (1.0 - veil.transmission)
        for plane, layer in zip(planes, added, strict=True):
            size = plane.shape[1], plane.shape[0]
            parts = veil.transmission * full, layer
            gain, offset = (cv2.resize(np.rint(part).astype(plane.dtype), size) for part in parts)
            cv2.multiply(plane, gain, plane, 1.0 / full)
            cv2.add(plane, offset, plane)
            if full < np.iinfo(plane.dtype).max:
                np.minimum(plane, full, out=plane)
        return planes

    def _camera(self, seconds: float) -> NDArray[np.float64]:
        """Where picture points lie on the canvas, both in picture widths: a breathing scene before a held scope."""
        zoom = 1.0 + 0.012 * np.sin(1.5 * seconds)
        turn = 0.012 * np.sin(0.43 * seconds + 1.0)
        centre = np.array([0.5, 0.5 * self._height / self._width])
        matrix = zoom * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        drift = np.array(
            [0.022 * np.sin(0.31 * seconds), 0.012 * np.sin(0.47 * seconds) + 0.010 * np.sin(1.5 * seconds)]
        )
        return np.column_stack([matrix, centre + MARGIN + drift - matrix @ centre])

    def _overlay(self, planes: Sequence[Plane], sprite: Sprite, placement: NDArray[np.float64]) -> None:
        """Lay an instrument over planes, in the part of them that it touches."""
        full = self._code_values.full
        layers = zip(planes, sprite.premultiplied, sprite.through, self._scales, strict=True)
        for plane, premultiplied, through, scale in layers:
            matrix = _in_pixels(placement, scale)
            left, top, right, bottom = _touched(matrix, premultiplied.shape, plane.shape)
            if right <= left or bottom <= top:
                continue
            matrix[:, 2] -= left, top
            part, size = plane[top:bottom, left:right], (right - left, bottom - top)
            seen = cv2.warpAffine(through, matrix, size, borderValue=(float(full),))
            cv2.multiply(part, seen, part, 1.0 / full)
            cv2.add(part, cv2.warpAffine(premultiplied, matrix, size), part)

    def _paint_canvas(self, seed: int) -> Planes:
        width = round(self._width * (1.0 + 2.0 * MARGIN))
        height = round(self._height + 2.0 * MARGIN * self._width)
        painted = min(PAINTED, width)
        reach = 0.85 + 0.25 * max(0.0, 1.0 - self._height / self._width)
        scene = paint_scene(seed=seed, width=painted, height=round(painted * height / width), reach=reach)
        return self._code_values.planes(self._code_values.of(scene), width, height)

    def _sprite(self, colour: Field, opacity: Field) -> Sprite:
        height, width = opacity.shape
        values = self._code_values
        through = np.repeat((values.full * (1.0 - opacity))[None], 3, axis=0)
        return Sprite(values.planes(values.of(colour) * opacity, width, height), values.planes(through, width, height))


def _smoke(seed: int, width: int, height: int, density: float) -> Smoke:
    scale = VEIL / max(width, height)
    return Smoke(
        seed=seed,
        width=max(2, round(width * scale)),
        height=max(2, round(height * scale)),
        density=density,
        look=_phantom_look(seed),
    )


def _phantom_look(seed: int) -> SmokeLook:
    """A look with a bit of everything, and one source: the hook."""
    return replace(
        draw_look(seed), uniform=0.25, gradient=0.1, cloud=0.35, plume=0.3, sources=((0.5, 0.5),), plume_angle=-1.9
    )


def _in_pixels(matrix: NDArray[np.float64], scale: tuple[float, float]) -> NDArray[np.float64]:
    """A (2, 3) matrix between places in picture widths as one between pixels, whose centres lie at halves."""
    linear = np.diag(scale) @ matrix[:, :2] @ np.diag(1.0 / np.array(scale))
    return np.column_stack([linear, np.array(scale) * matrix[:, 2] + linear @ (0.5, 0.5) - 0.5])


def _touched(
    matrix: NDArray[np.float64], source: tuple[int, ...], target: tuple[int, ...]
) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the part of the target that a moved source can touch."""
    height, width = source[:2]
    corners = matrix[:, :2] @ np.array([[-1, -1, width, width], [-1, height, -1, height]]) + matrix[:, 2:]
    left, top = np.maximum(np.floor(corners.min(axis=1)), 0.0)
    right, bottom = np.minimum(np.ceil(corners.max(axis=1)) + 1.0, target[1::-1])
    return int(left), int(top), int(right), int(bottom)
