"""The ``prior`` engine: a dark channel prior on the thumbnail. No network, no weights, always available.

He, Sun, Tang: "Single Image Haze Removal Using Dark Channel Prior", CVPR 2009. Tissue reflects little green and blue,
so the smallest of R, G, B is low wherever there is no haze. Unlike the original, haze is only what exceeds the dark
channel of clear tissue, the airlight is white, so that nothing gets brighter or clips, and t is smooth: a grid cell
never follows an instrument. Where darkness is at hand, pale things are more likely things than haze, and less is taken
away. The constants are the measured ones of docs/quality.md.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

import eid_stream
from eid_stream.core.content_area import content_mask
from eid_stream.core.engine_card import EngineCard
from eid_stream.core.haze_maps import T_MIN, HazeMaps
from eid_stream.core.thumbnail import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH, Thumbnail

GRID_WIDTH, GRID_HEIGHT = 32, 24
WINDOW = 9
"""Side in thumbnail pixels of the window whose darkest sample counts; about a thirtieth of the width."""
SMOOTHING = 12.0
"""Standard deviation in thumbnail pixels of the Gaussian over the haze."""
AIRLIGHT = 1.0
CLEAR_DARK_CHANNEL = (0.16, 0.12)
"""Dark channel in [0, 1] of tissue without smoke, in a scene without and with haze all over."""
OMEGA = (0.45, 0.95)
"""Share of the haze that is taken away (He et al., eq. 12), in a scene without and with haze all over."""
HAZE_ALL_OVER = 0.2
"""Dark channel in [0, 1] of the darkest tenth of a scene that lies under haze all over; clear scenes hold 0.05."""
CALMNESS = 0.95
"""Share of its former value that the judgement of the scene keeps from one thumbnail to the next."""
CB_CR_TO_RGB = np.array([[0.0, 1.5748], [-0.1873, -0.4681], [1.8556, 0.0]], np.float32)
"""ITU-T H.273 matrix 1 (BT.709)."""

Field = NDArray[np.float32]


class PriorEngine:
    """Haze maps from the dark channel of a thumbnail; white airlight, one transmission for luma and chroma."""

    def __init__(self) -> None:
        self._all_over: float | None = None

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
        if not content.any():
            return HazeMaps.identity(GRID_HEIGHT, GRID_WIDTH)
        dark = dark_channel(thumbnail.values, content)
        all_over = self._judge(dark[content])
        clear, omega = np.interp(all_over, (0.0, 1.0), CLEAR_DARK_CHANNEL), np.interp(all_over, (0.0, 1.0), OMEGA)
        haze = np.asarray(omega * np.maximum(dark - clear, 0.0) / (AIRLIGHT - clear), np.float32)
        transmission = np.clip(1.0 - _smooth_cells(haze, content), T_MIN, 1.0)
        white = np.array([AIRLIGHT, 0.0, 0.0], np.float32).reshape(3, 1, 1)
        return HazeMaps.from_transmission(transmission, white, float(np.clip(haze[content].mean(), 0.0, 1.0)))

    def _judge(self, dark: Field) -> float:
        """How far the scene is under haze all over, in [0, 1]: the darkest tenth tells. Calm in time."""
        all_over = min(max(float(np.quantile(dark, 0.1)) / HAZE_ALL_OVER, 0.0), 1.0)
        if self._all_over is not None:
            all_over += CALMNESS * (self._all_over - all_over)
        self._all_over = all_over
        return all_over

    @property
    def state(self) -> float | None:
        """The judgement of the scene, to be gone on with by another prior."""
        return self._all_over

    @state.setter
    def state(self, state: float | None) -> None:
        self._all_over = state

    def reset(self) -> None:
        """Forget the judgement of the scene."""
        self._all_over = None

    def close(self) -> None:
        """Nothing to release."""


def dark_channel(ycbcr: Field, content: NDArray[np.bool_]) -> Field:
    """Smallest of R, G, B within a window, of Y'CbCr (3, height, width); shape (height, width) (He et al., eq. 5).

    The black around the scene, where ``content`` (height, width) is false, counts for nothing.
    """
    darkest = ycbcr[0] + np.tensordot(CB_CR_TO_RGB, ycbcr[1:], axes=1).min(axis=0)
    window = cv2.getStructuringElement(cv2.MORPH_RECT, (WINDOW, WINDOW))
    return np.asarray(cv2.erode(np.where(content, darkest, np.float32(1.0)), window), np.float32)


def _smooth_cells(haze: Field, content: NDArray[np.bool_]) -> Field:
    """Gaussian mean over the scene only, so that the border neither clears its edge nor is cleared itself."""
    inside = content.astype(np.float32)
    amount, weight = (_blur_small(field) for field in (haze * inside, inside))
    return _at_cells(np.asarray(amount / np.maximum(weight, 0.05), np.float32))


def _blur_small(field: Field) -> Field:
    """Quarter the size, then blur: what stays after a blur this wide needs no more pixels."""
    small = cv2.resize(field, (field.shape[1] // 4, field.shape[0] // 4), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(small, (0, 0), SMOOTHING / 4), np.float32)


def _at_cells(field: Field) -> Field:
    rows = np.linspace(0, field.shape[0] - 1, GRID_HEIGHT).round().astype(np.intp)
    columns = np.linspace(0, field.shape[1] - 1, GRID_WIDTH).round().astype(np.intp)
    cells: Field = field[np.ix_(rows, columns)]
    return cells
