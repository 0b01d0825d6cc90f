"""The ``prior`` engine: a dark channel prior on the thumbnail. No network, no weights, always available.

He, Sun, Tang: "Single Image Haze Removal Using Dark Channel Prior", CVPR 2009. Tissue reflects little green and blue,
so the smallest of R, G, B is low wherever there is no haze. Unlike the original, haze is only what exceeds the dark
channel of clear tissue, the airlight is calm in time, and t is smooth: a grid cell never follows an instrument.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

import eid_stream
from eid_stream.content_area import content_mask
from eid_stream.engine_card import EngineCard
from eid_stream.haze_maps import T_MIN, HazeMaps
from eid_stream.thumbnail import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH, Thumbnail

GRID_WIDTH, GRID_HEIGHT = 32, 24
WINDOW = 9
"""Side in thumbnail pixels of the window whose darkest sample counts; about a thirtieth of the width."""
CLEAR_DARK_CHANNEL = 0.12
"""Dark channel in [0, 1] of tissue without smoke; only what exceeds it is haze."""
OMEGA = 0.75
"""Share of the haze that is taken away (He et al., eq. 12)."""
AIRLIGHT_RANGE = (0.7, 1.0)
CB_CR_TO_RGB = np.array([[0.0, 1.5748], [-0.1873, -0.4681], [1.8556, 0.0]], np.float32)
"""ITU-T H.273 matrix 1 (BT.709)."""


class PriorEngine:
    """Haze maps from the dark channel of a thumbnail; grey airlight, one transmission for luma and chroma."""

    def __init__(self) -> None:
        self._airlight: float | None = None

    @property
    def card(self) -> EngineCard:
        """What the engine says of itself."""
        return EngineCard(
            name="prior",
            version=eid_stream.__version__,
            backend="prior",
            thumbnail_width=THUMBNAIL_WIDTH,
            thumbnail_height=THUMBNAIL_HEIGHT,
            grid_width=GRID_WIDTH,
            grid_height=GRID_HEIGHT,
            licence="Apache-2.0",
        )

    def estimate(self, thumbnail: Thumbnail) -> HazeMaps:
        """Haze maps over the whole canvas."""
        content = content_mask(thumbnail.values[0])
        dark = dark_channel(thumbnail.values)
        veil = np.clip(dark - CLEAR_DARK_CHANNEL, 0.0, None) * content
        airlight = self._calm_airlight(dark[content])
        transmission = 1.0 - OMEGA * veil / (airlight - CLEAR_DARK_CHANNEL)
        smooth = cv2.GaussianBlur(transmission.astype(np.float32), (0, 0), WINDOW)
        cells = _at_cells(np.clip(smooth, T_MIN, 1.0))
        density = float(np.clip(1.0 - transmission[content].mean(), 0.0, 1.0)) if content.any() else 0.0
        grey = np.array([airlight, 0.0, 0.0], np.float32).reshape(3, 1, 1)
        return HazeMaps.from_transmission(cells, grey, density)

    def _calm_airlight(self, dark: NDArray[np.float32]) -> float:
        brightest = float(np.quantile(dark, 0.999)) if dark.size else AIRLIGHT_RANGE[1]
        airlight = min(max(brightest, AIRLIGHT_RANGE[0]), AIRLIGHT_RANGE[1])
        if self._airlight is not None:
            airlight = self._airlight + 0.05 * (airlight - self._airlight)
        self._airlight = airlight
        return airlight

    def reset(self) -> None:
        """Forget the airlight of the scene."""
        self._airlight = None

    def close(self) -> None:
        """Nothing to release."""


def dark_channel(ycbcr: NDArray[np.float32]) -> NDArray[np.float32]:
    """Smallest of R, G, B within a window, of Y'CbCr (3, height, width); shape (height, width) (He et al., eq. 5)."""
    chroma = np.tensordot(CB_CR_TO_RGB, ycbcr[1:], axes=1)
    darkest = ycbcr[0] + chroma.min(axis=0)
    window = cv2.getStructuringElement(cv2.MORPH_RECT, (WINDOW, WINDOW))
    return np.asarray(cv2.erode(darkest, window), np.float32)


def _at_cells(field: NDArray[np.float32]) -> NDArray[np.float32]:
    rows = np.linspace(0, field.shape[0] - 1, GRID_HEIGHT).round().astype(np.intp)
    columns = np.linspace(0, field.shape[1] - 1, GRID_WIDTH).round().astype(np.intp)
    cells: NDArray[np.float32] = field[np.ix_(rows, columns)]
    return cells
