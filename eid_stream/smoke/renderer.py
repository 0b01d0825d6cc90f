"""The smoke renderer: I = J t + A (1 - t) with smoke that moves."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from eid_stream.core.content_area import content_mask
from eid_stream.smoke.look import SmokeLook, draw_look
from eid_stream.smoke.plume import Plume
from eid_stream.smoke.turbulence import Field, Turbulence

VEIL_SIDE = 160
"""Longest side, in pixels, at which smoke is computed; larger veils are enlarged from it: smoke is smooth."""
DENSEST = 3.0
"""Optical depth that is approached but not passed: transmission stays above exp(-3)."""

BRIGHTEST = np.float32(1.2)
"""Airlight beyond which a camera's exposure does not let the veil go."""
LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""RGB to luma of BT.709."""


@dataclass(frozen=True, slots=True, eq=False)
class Veil:
    """Smoke before a scene: transmission float32 (h, w) in (0, 1], airlight float32 (h, w, 3) RGB."""

    transmission: Field
    airlight: Field


@dataclass(frozen=True, slots=True, eq=False)
class Rendered:
    """A picture seen through smoke, float32 (h, w, 3) RGB, clipped to [0, 1], and the veil that was used."""

    hazy: Field
    veil: Veil


class Smoke:
    """One take of moving smoke. The same seed, size and time give the same veil; time may be asked in any order.

    Scattering model of Koschmieder as in He et al. 2009, eq. 1; transmission is exp(-optical depth), which sums
    uniform haze, a gradient, drifting clouds, and plumes from instrument tips.
    """

    def __init__(
        self,
        *,
        seed: int,
        width: int,
        height: int,
        density: float = 0.5,
        look: SmokeLook | None = None,
        camera: str | None = None,
    ) -> None:
        """Draw a take.

        ``density`` in [0, 0.95] is the mean of 1 - t over picture and time; 0 is no smoke at all. ``look`` fixes
        what would be drawn from the seed; ``camera`` (one of CAMERA_SYSTEMS) only the camera system.
        """
        if not 0.0 <= density <= 0.95:
            raise ValueError(f"density is {density}, allowed is [0, 0.95]")
        self.look = look or draw_look(seed, camera)
        self._size = width, height
        rng = np.random.default_rng([seed, 0x5E0C])
        take = self.look
        self._clouds = Turbulence(
            rng,
            scale=take.scale,
            velocity=take.velocity,
            morph_seconds=take.morph_seconds,
            folding=take.folding,
        )
        self._plumes = [Plume(rng, look=take, tip=tip) for tip in take.sources] if take.plume > 0.01 else []
        shrink = min(1.0, VEIL_SIDE / max(width, height))
        self._x, self._y = _places(max(2, round(width * shrink)), max(2, round(height * shrink)))
        self._light = _light(take, self._x, self._y)
        self._depth = self._calibrate(density)

    def veil(self, seconds: float, tips: Sequence[tuple[float, float]] | None = None) -> Veil:
        """The smoke at a time; ``tips`` moves the plumes' sources (fractions of width and height)."""
        pattern = self._pattern(self._x, self._y, seconds, tips)
        depth = pattern * np.float32(self._depth)
        depth /= 1.0 + depth * np.float32(1.0 / DENSEST)
        transmission = cv2.exp(-depth)
        light = self._light * (1.0 + np.float32(self.look.glow) * (1.0 - transmission))
        if (transmission.shape[1], transmission.shape[0]) != self._size:
            transmission = cv2.resize(transmission, self._size, interpolation=cv2.INTER_LINEAR)
            light = cv2.resize(light, self._size, interpolation=cv2.INTER_LINEAR)
        airlight = cv2.merge([light * np.float32(channel) for channel in self.look.colour])
        return Veil(np.asarray(transmission, np.float32), np.asarray(airlight, np.float32))

    def render(
        self,
        clear: Field,
        seconds: float,
        *,
        tips: Sequence[tuple[float, float]] | None = None,
        content: NDArray[np.bool_] | None = None,
        amount: float = 1.0,
    ) -> Rendered:
        """Show a clear picture, float32 (h, w, 3) RGB in [0, 1], through the smoke.

        The tissue tints the veil, near things have less smoke before them, and highlights outshine it: J is the
        clear picture but for highlights, which exceed 1. ``content`` (h, w) tells where the scene is; there is no
        smoke on the black around it. None looks for it. ``amount`` scales the optical depth, so that smoke comes and
        goes: at 0 the clear picture is handed back.
        """
        look = self.look
        plain = self.veil(seconds, tips)
        inside = scene_of(clear) if content is None else content
        smooth = _smooth(clear)
        depth = np.float32(amount) * _relative_depth(smooth, look.relief)
        transmission = np.where(inside, plain.transmission**depth, np.float32(1.0))
        airlight = np.minimum(plain.airlight * _tissue_tint(smooth, look.tint), BRIGHTEST)
        veil = Veil(np.asarray(transmission, np.float32), airlight)
        headroom = look.headroom * min(1.0, 4.0 * amount)
        return Rendered(shade(_with_headroom(clear, headroom), veil), veil)

    def _pattern(self, x: Field, y: Field, seconds: float, tips: Sequence[tuple[float, float]] | None = None) -> Field:
        """Relative density of the smoke: about 1 on average over picture and time."""
        look = self.look
        clouds = cv2.exp(
            self._clouds.sample(x, y, seconds) * np.float32(look.contrast) - np.float32(look.contrast**2 / 2)
        )
        slope = np.float32(np.cos(look.gradient_angle)) * (x - 0.5) + np.float32(np.sin(look.gradient_angle)) * (
            y - 0.4
        )
        pattern = np.float32(look.uniform) + look.gradient * np.maximum(1.0 + 1.6 * slope, 0.0)
        # Uniform haze is never quite uniform: clouds shade all of it a little.
        pattern = pattern * (0.75 + 0.25 * clouds) + look.cloud * clouds
        for number, plume in enumerate(self._plumes):
            tip = tips[number % len(tips)] if tips else None
            pattern += np.float32(look.plume / len(self._plumes)) * plume.sample(x, y, seconds, tip)
        return np.asarray(pattern, np.float32)

    def _calibrate(self, density: float) -> float:
        """Optical depth of relative density 1 that makes the mean of 1 - t the wanted density."""
        x, y = _places(32, max(2, round(32 * self._size[1] / self._size[0])))
        times = np.arange(6) * 2.7
        pattern = np.stack([self._pattern(x, y, float(seconds)) for seconds in times])
        low, high = 0.0, 60.0
        for _ in range(30):
            middle = 0.5 * (low + high)
            depth = middle * pattern
            veiled = 1.0 - np.exp(-depth / (1.0 + depth / DENSEST)).mean()
            low, high = (middle, high) if veiled < density else (low, middle)
        return 0.0 if density == 0.0 else 0.5 * (low + high)


def shade(clear: Field, veil: Veil) -> Field:
    """The scattering model itself: J t + A (1 - t), clipped to [0, 1]."""
    transmission = veil.transmission[..., None]
    return np.asarray(np.clip(clear * transmission + veil.airlight * (1.0 - transmission), 0.0, 1.0), np.float32)


def scene_of(clear: Field) -> NDArray[np.bool_]:
    """Where a clear picture, float32 (h, w, 3) RGB in [0, 1], shows the scene rather than the endoscope's black border.

    Only black that reaches three corners or more is a border: shadows at one edge of a full picture are scene, and in
    one corner there may be writing. The scene is the convex hull of the largest bright part and of its mirror images
    (endoscopes show circles and octagons), so that dark anatomy does not mislead it.
    """
    mask = content_mask(np.asarray(clear @ LUMINANCE, np.float32))
    if mask[[0, 0, -1, -1], [0, -1, 0, -1]].sum() > 1 or not mask.any():
        return np.ones_like(mask)
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    outline = max(outlines, key=cv2.contourArea)[:, 0]
    for axis in (0, 1):
        first, last = outline[:, axis].min(), outline[:, axis].max()
        if first > 0 and last < mask.shape[1 - axis] - 1:  # else the picture cuts it, and hides where its middle is
            mirrored = outline.copy()
            mirrored[:, axis] = first + last - outline[:, axis]
            outline = np.concatenate([outline, mirrored])
    hull = cv2.convexHull(outline)
    return cv2.fillConvexPoly(np.zeros(mask.shape, np.uint8), hull, (1.0,)).astype(bool)


def _places(width: int, height: int) -> tuple[Field, Field]:
    """Pixel centres in picture widths: x in (0, 1), y in (0, height / width)."""
    x = (np.arange(width, dtype=np.float32) + 0.5) / np.float32(width)
    y = (np.arange(height, dtype=np.float32) + 0.5) / np.float32(width)
    return np.repeat(x[None, :], height, axis=0), np.repeat(y[:, None], width, axis=1)


def _light(look: SmokeLook, x: Field, y: Field) -> Field:
    aspect = y.shape[0] / y.shape[1]
    squared = (x - np.float32(look.light[0])) ** 2 + (y - np.float32(look.light[1] * aspect)) ** 2
    loss = look.falloff / (1.0 - look.falloff)
    return np.asarray(1.0 / (1.0 + loss * squared / (0.25 * (1.0 + aspect**2))), np.float32)


def _smooth(clear: Field) -> Field:
    """The clear picture without detail finer than a 20th of its width, float32 (h, w, 3)."""
    height, width = clear.shape[:2]
    small = cv2.resize(clear, (32, max(2, round(32 * height / width))), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), 0.9)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _tissue_tint(smooth: Field, tint: float) -> Field:
    """Colour of light that comes back from the tissue, relative to its luminance: very smooth, float32 (h, w, 3)."""
    small = cv2.GaussianBlur(cv2.resize(smooth, (16, 12), interpolation=cv2.INTER_AREA), (0, 0), 2.0)
    luminance = np.asarray(small @ LUMINANCE, np.float32)
    colour = (small + np.float32(0.1)) / (luminance[..., None] + np.float32(0.1))
    tinted = np.asarray(1.0 + tint * (np.clip(colour, 0.5, 1.7) - 1.0), np.float32)
    return np.asarray(cv2.resize(tinted, smooth.shape[1::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _relative_depth(smooth: Field, relief: float) -> Field:
    """Depth of the scene relative to its middle, from how the scope's light falls off: what is bright is near."""
    luminance = np.asarray(smooth @ LUMINANCE, np.float32) + np.float32(0.05)
    depth = np.sqrt(luminance.mean() / luminance)
    return np.asarray(np.clip(1.0 + relief * (depth - 1.0), 0.4, 1.8), np.float32)


def _with_headroom(clear: Field, headroom: float) -> Field:
    """The clear picture with highlights as bright as they are, not as the sensor clips them."""
    darkest = cv2.min(cv2.min(clear[..., 0], clear[..., 1]), clear[..., 2])
    excess = np.maximum(darkest - np.float32(0.75), 0.0) * np.float32(4.0)
    return np.asarray(clear * (1.0 + np.float32(headroom) * excess * excess)[..., None], np.float32)
