"""The rows of the quality table: everything that turns a hazy picture into a clearer one.

A method is a small callable with a ``name`` and a ``reset()``: ``method(picture) -> rgb``. It gets one ``Picture`` (the
captured frame, and its RGB rendering of shape (height, width, 3), uint8) and answers with RGB of the same size.
Frames of one clip come in order; ``reset()`` comes before every picture that does not follow the one before it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.pictures import Picture, Rgb, rgb_of
from eid_stream.core.errors import EngineRunError
from eid_stream.core.interfaces import Engine
from eid_stream.dehazing.frame_correction import corrected
from eid_stream.dehazing.map_estimator import MapEstimator

Plane = NDArray[np.float32]


class Method(Protocol):
    """One row of the table."""

    @property
    def name(self) -> str:
        """What the row is called."""
        ...

    def reset(self) -> None:
        """Forget earlier pictures."""
        ...

    def __call__(self, picture: Picture) -> Rgb:
        """The clearer picture."""
        ...


@dataclass(frozen=True, slots=True)
class Still:
    """A method without memory: a function of the RGB rendering."""

    name: str
    clear: Callable[[Rgb], Rgb]

    def reset(self) -> None:
        """Nothing to forget."""

    def __call__(self, picture: Picture) -> Rgb:
        """The function's answer."""
        return self.clear(picture.rgb)


class Product:
    """What the product shows with an engine: thumbnail, estimate, smoothing in time and correction of the planes."""

    def __init__(self, name: str, engine: Engine) -> None:
        self.name = name
        self._estimator = MapEstimator(engine)

    def reset(self) -> None:
        """Forget the scene."""
        self._estimator.reset()

    def __call__(self, picture: Picture) -> Rgb:
        """The dehazed planes as RGB.

        Raises:
            EngineRunError: the engine had no sound answer; a table must not show the input in its place.
        """
        try:
            maps = self._estimator.estimate_frame(picture.frame)
        except EngineRunError as error:
            raise EngineRunError(f"The engine of row '{self.name}' failed on a picture: {error}") from error
        return rgb_of(corrected(picture.frame, maps, 1.0))


def unchanged(rgb: Rgb) -> Rgb:
    """The input itself."""
    return rgb


def equalise(rgb: Rgb) -> Rgb:
    """CLAHE (Zuiderveld 1994) of L* in CIELAB, the usual clip limit 2 and 8x8 tiles."""
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB)
    lab[..., 0] = cv2.createCLAHE(clipLimit=2.0, tileGridSize=(8, 8)).apply(lab[..., 0])
    return cv2.cvtColor(lab, cv2.COLOR_LAB2RGB).astype(np.uint8, copy=False)


WINDOW = 15
OMEGA = 0.95
DARKEST_TRANSMISSION = 0.1
GUIDE_RADIUS, GUIDE_EPSILON = 60, 1e-4


def subtract_dark_channel(rgb: Rgb) -> Rgb:
    """Dark channel prior at full size, the usual settings: He, Sun, Tang 2009; guided filter: He, Sun, Tang 2010.

    Window 15, omega 0.95, t at least 0.1; airlight is the mean colour where the dark channel is brightest (0.1 %).
    """
    hazy = rgb.astype(np.float32) / np.float32(255.0)
    airlight = _airlight(hazy, _dark_channel(hazy))
    rough = np.asarray(1.0 - np.float32(OMEGA) * _dark_channel(hazy / airlight), np.float32)
    gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32) / np.float32(255.0)
    transmission = np.maximum(guided_filter(gray, rough), DARKEST_TRANSMISSION)[..., None]
    clear = (hazy - airlight) / transmission + airlight
    return np.clip(clear * 255.0 + 0.5, 0.0, 255.0).astype(np.uint8)


def _dark_channel(rgb: Plane) -> Plane:
    darkest = np.minimum(np.minimum(rgb[..., 0], rgb[..., 1]), rgb[..., 2])
    return cv2.erode(darkest, np.ones((WINDOW, WINDOW), np.uint8)).astype(np.float32, copy=False)


def _airlight(hazy: Plane, dark: Plane) -> Plane:
    count = max(1, dark.size // 1000)
    candidates = hazy.reshape(-1, 3)[np.argpartition(dark.ravel(), -count)[-count:]]
    return np.asarray(np.maximum(candidates.mean(axis=0), 1.0 / 255.0), np.float32)


def guided_filter(guide: Plane, values: Plane) -> Plane:
    """Smooth ``values`` along the edges of ``guide``, both float32 (height, width): equations 5, 6 and 8."""
    mean_guide, mean_values = _box(guide), _box(values)
    covariance = _box(guide * values) - mean_guide * mean_values
    slope = np.asarray(covariance / (_box(guide * guide) - mean_guide * mean_guide + GUIDE_EPSILON), np.float32)
    offset = np.asarray(mean_values - slope * mean_guide, np.float32)
    return np.asarray(_box(slope) * guide + _box(offset), np.float32)


def _box(values: Plane) -> Plane:
    side = 2 * GUIDE_RADIUS + 1
    return cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT).astype(np.float32, copy=False)


INPUT = Still("input", unchanged)
CLAHE = Still("CLAHE", equalise)
DARK_CHANNEL = Still("dark channel prior", subtract_dark_channel)
