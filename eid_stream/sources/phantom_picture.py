"""Composing a phantom's pictures on Y'CbCr planes: anatomy in motion, instruments, smoke, and the round content."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from eid_stream.frame import PIXEL_LAYOUTS, Colour, Plane, Planes
from eid_stream.smoke import Smoke, SmokeLook, draw_look
from eid_stream.sources.frame_number import paint_frame_number
from eid_stream.sources.phantom_address import PhantomAddress
from eid_stream.sources.phantom_instruments import draw_grasper, draw_hook, draw_motions
from eid_stream.sources.phantom_scene import paint_scene

Field = NDArray[np.float32]

DETAIL = 2048
"""Widest picture that is composed at its own size; wider ones are composed at half and enlarged, as optics are soft."""
MARGIN = 0.08
"""Anatomy painted beyond each edge, in picture widths, for the scope to move over."""
PAINTED = 1280
"""Widest anatomy that is painted; larger canvases enlarge it."""
VEIL = 160
"""Longest side of the veil before it is enlarged."""
RGB_TO_YCBCR = np.array(
    [[0.2126, 0.7152, 0.0722], [-0.114572, -0.385428, 0.5], [0.5, -0.454153, -0.045847]], np.float32
)
"""BT.709."""


@dataclass(frozen=True, slots=True, eq=False)
class Sprite:
    """An instrument on planes: code values times opacity, and what shows through, in full scale of the samples."""

    premultiplied: Planes
    through: Planes


class PhantomPainter:
    """Makes any frame of a phantom, clear or smoky; the same address and number give the same planes."""

    def __init__(self, address: PhantomAddress) -> None:
        """Paint what does not change: anatomy, instruments, outline."""
        width, height = address.size
        self.layout = PIXEL_LAYOUTS[address.layout]
        self.colour = Colour(matrix=1, primaries=1, transfer=1, full_range=address.range == "full")
        self._address = address
        self._full = (1 << self.layout.bit_depth) - 1
        self._shrink = 2 if width > DETAIL else 1
        self._width, self._height = -(-width // self._shrink), -(-height // self._shrink)
        self._shapes = self.layout.plane_shapes(self._width, self._height)
        shifts = (0, 0), (self.layout.chroma_shift_x, self.layout.chroma_shift_y)
        luma, chroma = ((self._width / (1 << x), self._width / (1 << y)) for x, y in shifts)
        self._scales = luma, chroma, chroma
        self._canvas = self._paint_canvas()
        self._motions = draw_motions(seed=address.seed, aspect=self._height / self._width)
        self._sprites = [self._sprite(*draw(self._width)) for draw in (draw_hook, draw_grasper)]
        self._outside = self._outlines() if address.content == "circle" else []
        scale = VEIL / max(self._width, self._height)
        self._smoke = Smoke(
            seed=address.seed,
            width=max(2, round(self._width * scale)),
            height=max(2, round(self._height * scale)),
            density=address.smoke,
            look=_phantom_look(address.seed),
        )

    def clear(self, number: int) -> Planes:
        """The scene without smoke."""
        return self._finished(self._composed(number), number)

    def smoky(self, number: int) -> Planes:
        """What the camera shows."""
        planes = self._composed(number)
        if self._address.smoke > 0.0:
            self._veil(planes, number)
        return self._finished(planes, number)

    def _seconds(self, number: int) -> float:
        return float(number / self._address.rate)

    def _composed(self, number: int) -> list[Plane]:
        seconds = self._seconds(number)
        camera = self._camera(seconds)
        planes = []
        for canvas, scale, (height, width) in zip(self._canvas, self._scales, self._shapes, strict=True):
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            planes.append(cast(Plane, cv2.warpAffine(canvas, _in_pixels(camera, scale), (width, height), flags=flags)))
        for motion, sprite in zip(self._motions, self._sprites, strict=True):
            self._overlay(planes, sprite, motion.placement(seconds))
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

    def _veil(self, planes: list[Plane], number: int) -> None:
        seconds = self._seconds(number)
        tip = self._motions[0].tip(seconds)
        veil = self._smoke.veil(seconds, tips=[(tip[0], tip[1] * self._width / self._height)])
        through = veil.transmission * self._full
        added = self._codes(veil.airlight) * (1.0 - veil.transmission)
        for plane, layer in zip(planes, added, strict=True):
            size = plane.shape[1], plane.shape[0]
            gain, offset = (cv2.resize(np.rint(part).astype(plane.dtype), size) for part in (through, layer))
            cv2.multiply(plane, gain, plane, 1.0 / self._full)
            cv2.add(plane, offset, plane)

    def _finished(self, planes: list[Plane], number: int) -> Planes:
        """Black around the content, the wanted size, and the frame's number."""
        neutral = self._codes(np.zeros((1, 1, 3), np.float32))[:, 0, 0]
        for plane, outside, black in zip(planes, self._outside, neutral, strict=False):
            cv2.copyTo(np.full_like(plane, black), outside, plane)
        if self._shrink > 1:
            shapes = self.layout.plane_shapes(*self._address.size)
            planes = [cast(Plane, cv2.resize(p, (s[1], s[0]))) for p, s in zip(planes, shapes, strict=True)]
        zero, span = self.colour.luma_levels(self.layout.bit_depth)
        paint_frame_number(planes[0], number, round(zero), round(zero + span))
        for plane, code in zip(planes[1:], neutral[1:], strict=True):
            paint_frame_number(plane, 0, round(float(code)), round(float(code)))
        return planes[0], planes[1], planes[2]

    def _overlay(self, planes: Sequence[Plane], sprite: Sprite, placement: NDArray[np.float64]) -> None:
        """Lay an instrument over planes, in the part of them that it touches."""
        layers = zip(planes, sprite.premultiplied, sprite.through, self._scales, strict=True)
        for plane, premultiplied, through, scale in layers:
            matrix = _in_pixels(placement, scale)
            left, top, right, bottom = _touched(matrix, premultiplied.shape, plane.shape)
            if right <= left or bottom <= top:
                continue
            matrix[:, 2] -= left, top
            part, size = plane[top:bottom, left:right], (right - left, bottom - top)
            seen = cv2.warpAffine(through, matrix, size, borderValue=(float(self._full),))
            cv2.multiply(part, seen, part, 1.0 / self._full)
            cv2.add(part, cv2.warpAffine(premultiplied, matrix, size), part)

    def _paint_canvas(self) -> Planes:
        width = round(self._width * (1.0 + 2.0 * MARGIN))
        height = round(self._height + 2.0 * MARGIN * self._width)
        painted = min(PAINTED, width)
        scene = paint_scene(seed=self._address.seed, width=painted, height=round(painted * height / width))
        return self._planes(self._codes(scene), width, height)

    def _codes(self, picture: Field) -> Field:
        """RGB (h, w, 3) as code values of Y', Cb and Cr, float32 (3, h, w)."""
        depth = self.layout.bit_depth
        values = np.moveaxis(picture @ RGB_TO_YCBCR.T, -1, 0).copy()
        levels = (self.colour.luma_levels(depth), *(self.colour.chroma_levels(depth),) * 2)
        for channel, (zero, span) in zip(values, levels, strict=True):
            channel *= span
            channel += zero
        return np.asarray(values, np.float32)

    def _planes(self, codes: Field, width: int, height: int) -> Planes:
        shapes = self.layout.plane_shapes(width, height)
        sized = [_resized(channel, shape) for channel, shape in zip(codes, shapes, strict=True)]
        planes = [cast(Plane, np.clip(np.rint(c), 0, self._full).astype(self.layout.dtype)) for c in sized]
        return planes[0], planes[1], planes[2]

    def _sprite(self, colour: Field, opacity: Field) -> Sprite:
        height, width = opacity.shape
        premultiplied = self._planes(self._codes(colour) * opacity, width, height)
        through = self._planes(np.repeat((self._full * (1.0 - opacity))[None], 3, axis=0), width, height)
        return Sprite(premultiplied, through)

    def _outlines(self) -> list[NDArray[np.uint8]]:
        outlines = []
        for height, width in self._shapes:
            mask = np.full((height, width), 255, np.uint8)
            across, down = width / self._width, height / self._height
            radius = 0.53 * self._height
            axes = round(radius * across), round(radius * down)
            cv2.ellipse(mask, (width // 2, height // 2), axes, 0.0, 0.0, 360.0, (0.0,), cv2.FILLED)
            outlines.append(mask)
        return outlines


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


def _resized(channel: Field, shape: tuple[int, int]) -> Field:
    height, width = shape
    smaller = width < channel.shape[1]
    size, how = (width, height), cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(channel, size, interpolation=how), np.float32)
