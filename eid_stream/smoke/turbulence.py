"""Moving noise: periodic tiles with a turbulent spectrum, carried along, folded and morphed."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]

TILE = 512
"""Texels along a side of a tile; tiles are periodic."""
TILE_COUNT = 12


@lru_cache(maxsize=TILE_COUNT)
def noise_tile(number: int) -> Field:
    """Periodic Gaussian noise of many octaves, float32 (TILE, TILE), mean 0, variance 1.

    Amplitudes fall as f^-1.9, between a turbulent scalar's spectrum and the softer look of diffusing smoke.
    """
    rng = np.random.default_rng([number, 0x5A0C])
    frequency = np.hypot(np.fft.fftfreq(TILE)[:, None], np.fft.rfftfreq(TILE)[None, :]) * TILE
    amplitude = np.where(frequency > 0, np.maximum(frequency, 2.0) ** -1.9, 0.0) * np.exp(-((frequency / 96.0) ** 2))
    phase = rng.uniform(0.0, 2.0 * np.pi, frequency.shape)
    tile = np.fft.irfft2(amplitude * np.exp(1j * phase), s=(TILE, TILE))
    return np.asarray((tile - tile.mean()) / tile.std(), np.float32)


class Turbulence:
    """Noise over the picture that flows: two tiles drift apart, morph into each other and are folded by a third.

    Values have about mean 0 and variance 1, are continuous in time, and depend on the seed and the time alone.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        *,
        scale: float,
        velocity: tuple[float, float],
        morph_seconds: float,
        folding: float,
    ) -> None:
        """Draw tiles and phases.

        ``scale``: size of the largest swirls in picture widths; ``velocity``: picture widths per second;
        ``morph_seconds``: time after which the pattern has changed on the spot; ``folding``: how far the flow
        folds the pattern, in units of ``scale``.
        """
        numbers = rng.choice(TILE_COUNT, 3, replace=False)
        self._tiles = [noise_tile(int(number)) for number in numbers]
        self._origins = rng.uniform(0.0, TILE, (3, 2))
        self._texels = TILE / (2.0 * scale)
        self._velocity = np.array(velocity)
        self._spread = rng.normal(0.0, 0.25, 2) * np.hypot(*velocity)
        self._rate = 2.0 * np.pi / (4.0 * morph_seconds)
        self._phase = rng.uniform(0.0, 2.0 * np.pi)
        self._folding = folding * scale * self._texels * 0.5

    def sample(self, x: Field, y: Field, seconds: float) -> Field:
        """Noise at places ``x``, ``y`` (float32 of one shape, in picture widths) at a time."""
        fold_x, fold_y = self._folds(x.shape, x, y, seconds)
        angle = self._rate * seconds + self._phase
        first = self._look_up(0, x, y, self._velocity + self._spread, seconds, fold_x, fold_y)
        second = self._look_up(1, x, y, self._velocity - self._spread, seconds, fold_y, fold_x)
        return cv2.addWeighted(first, float(np.cos(angle)), second, float(np.sin(angle)), 0.0)  # type: ignore[return-value]

    def _folds(self, shape: tuple[int, ...], x: Field, y: Field, seconds: float) -> tuple[Field, Field]:
        """Displacements in texels; folds are large, so a coarse look-up is enough."""
        height, width = shape
        small = max(2, width // 6), max(2, height // 6)
        coarse_x = cv2.resize(x, small, interpolation=cv2.INTER_AREA)
        coarse_y = cv2.resize(y, small, interpolation=cv2.INTER_AREA)
        drift = 0.35 * self._velocity
        folds = []
        for turn in (1.0, -1.0):
            offset = self._origins[2] * turn - turn * drift * seconds * self._texels
            fold = _remap(self._tiles[2], coarse_x * (0.35 * self._texels), coarse_y * (0.35 * self._texels), offset)
            folds.append(cv2.resize(fold * self._folding, (width, height), interpolation=cv2.INTER_LINEAR))
        return folds[0], folds[1]  # type: ignore[return-value]

    def _look_up(
        self, number: int, x: Field, y: Field, velocity: NDArray[np.float64], seconds: float, dx: Field, dy: Field
    ) -> Field:
        offset = self._origins[number] - velocity * seconds * self._texels
        return _remap(self._tiles[number], x * self._texels + dx, y * self._texels + dy, offset)


def _remap(tile: Field, x: Field, y: Field, offset: NDArray[np.float64]) -> Field:
    shift = np.asarray(offset % TILE, np.float32)
    return cv2.remap(tile, x + shift[0], y + shift[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)  # type: ignore[return-value]
