"""A plume: smoke that leaves an instrument's tip in puffs, is carried away, widens and thins out."""

import cv2
import numpy as np

from eid_stream.smoke.look import SmokeLook
from eid_stream.smoke.turbulence import Field, Turbulence


class Plume:
    """Smoke of one source, relative density about 1 on average over the picture while the source works."""

    def __init__(self, rng: np.random.Generator, *, look: SmokeLook, tip: tuple[float, float]) -> None:
        """Draw the plume's own turbulence and rhythm; ``tip`` in fractions of width and height."""
        self._look = look
        self._tip = tip
        self._angle = look.plume_angle + rng.normal(0.0, 0.3)
        self._phase = rng.uniform(0.0, 2.0 * np.pi)
        self._turbulence = Turbulence(rng, scale=0.35, velocity=(look.plume_speed, 0.0), morph_seconds=2.0, folding=0.4)
        self._sway = rng.uniform(0.2, 0.6), rng.uniform(0.0, 2.0 * np.pi)

    def sample(self, x: Field, y: Field, seconds: float, tip: tuple[float, float] | None = None) -> Field:
        """Relative density at places in picture widths; ``tip`` overrides where the source is."""
        look = self._look
        along, across = self._coordinates(x, y, seconds, tip or self._tip)
        noise = self._turbulence.sample(along, across, seconds)
        away = np.maximum(along, 0.0)
        half_width = 0.03 + np.float32(look.plume_spread) * away
        shifted = across + 0.25 * half_width * noise
        profile = cv2.exp(-0.5 * (shifted / half_width) ** 2 - away / np.float32(look.plume_length))
        start = np.clip(along / 0.04 + 1.0, 0.0, 1.0)
        billows = cv2.exp(0.6 * noise)
        peak = 0.35 / (0.03 + look.plume_spread * look.plume_length)
        thinning = np.float32(peak * 0.35) / np.sqrt(half_width)
        return np.asarray(profile * start * start * billows * thinning * self._activity(away, seconds), np.float32)

    def _coordinates(self, x: Field, y: Field, seconds: float, tip: tuple[float, float]) -> tuple[Field, Field]:
        rate, phase = self._sway
        angle = self._angle + 0.25 * np.sin(rate * seconds + phase)
        cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        aspect = y.shape[0] / y.shape[1]
        dx, dy = x - np.float32(tip[0]), y - np.float32(tip[1] * aspect)
        return dx * cosine + dy * sine, dy * cosine - dx * sine

    def _activity(self, away: Field, seconds: float) -> Field:
        """Whether the source worked when the smoke that is here now left the tip; bursts are smooth."""
        emitted = np.float32(seconds) - away / np.float32(self._look.plume_speed)
        rate = np.float32(2.0 * np.pi / self._look.burst_seconds)
        swing = np.sin(emitted * rate + np.float32(self._phase)) + 0.4
        return np.asarray(0.15 + 0.85 / (1.0 + cv2.exp(-4.0 * swing)), np.float32)
