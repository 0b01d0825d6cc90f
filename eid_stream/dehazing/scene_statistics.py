"""What a thumbnail looks like, in few numbers: statistics of its content in coarse cells."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eid_stream.core.haze_maps import GAIN_CHROMA, GAIN_LUMA, OFFSET_CB, OFFSET_Y, HazeMaps
from eid_stream.core.thumbnail import Thumbnail
from eid_stream.dehazing.box_means import box_means

Array = NDArray[np.float32]
ROWS, COLUMNS = 12, 16
"""Cells of the canvas: smoke is smooth, and a cell of this size holds enough pixels for a deviation."""
PIXELS = 4
"""Means per row and column of a cell that its statistics are taken of; finer detail is noise, codec and motion blur."""
BLACK = 0.06
"""Luma in [0, 1] up to which a pixel counts as border: see ``core/content_area.py``."""
LEAST_DETAIL = 0.004
"""Added to a deviation before its logarithm is taken: what noise leaves of it, luma in [0, 1]."""
CB_CR_TO_RGB = np.array([[0.0, 1.5748], [-0.1873, -0.4681], [1.8556, 0.0]], np.float32)
"""ITU-T H.273 matrix 1 (BT.709), of which thumbnails are."""


@dataclass(frozen=True, slots=True, eq=False)
class SceneStatistics:
    """Statistics of one thumbnail, float32 by cell. Y' in [0, 1], Cb and Cr in [-0.5, 0.5]."""

    mean: Array
    """(3, ROWS, COLUMNS), of Y', Cb, Cr."""
    variance: Array
    """(3, ROWS, COLUMNS), within each cell."""
    content: Array
    """(ROWS, COLUMNS), the share of each cell in [0, 1] that is not black."""
    dark: float
    """Mean of the smallest of R, G and B over the content, relative to its mean luma: haze takes colour away."""

    @property
    def log_detail(self) -> Array:
        """(ROWS, COLUMNS): logarithm of the deviation of luma within each cell; haze takes it away."""
        log_detail: Array = np.log(np.sqrt(self.variance[0]) + np.float32(LEAST_DETAIL))
        return log_detail

    @property
    def relative_detail(self) -> float:
        """Mean of ``log_detail`` less the logarithm of mean luma: it does not follow the exposure."""
        luma = average(self.mean[0], self.content)
        return average(self.log_detail, self.content) - float(np.log(luma + 0.02))

    def corrected(self, maps: HazeMaps) -> "SceneStatistics":
        """What they are once maps, over the same canvas, have been applied."""
        cells = box_means(maps.values, ROWS, COLUMNS) if maps.grid != (ROWS, COLUMNS) else maps.values
        gains = cells[[GAIN_LUMA, GAIN_CHROMA, GAIN_CHROMA]]
        offsets = cells[[OFFSET_Y, OFFSET_CB, OFFSET_CB + 1]]
        return SceneStatistics(gains * self.mean + offsets, gains**2 * self.variance, self.content, self.dark)

    def whole(self) -> tuple[Array, Array]:
        """Mean and deviation (3,) of Y', Cb, Cr over the content of the whole picture."""
        weight = self.content / np.maximum(self.content.sum(), np.float32(1e-3))
        mean = (self.mean * weight).sum((1, 2))
        spread = ((self.mean - mean[:, None, None]) ** 2 + self.variance) * weight
        return mean, np.sqrt(spread.sum((1, 2)))


def measure(thumbnail: Thumbnail) -> SceneStatistics:
    """Statistics of a thumbnail's content."""
    small = box_means(thumbnail.values, ROWS * PIXELS, COLUMNS * PIXELS)
    inside = (small[0] > BLACK).astype(np.float32)
    content = _cell_sums(inside)
    held: Array = np.maximum(content, np.float32(1.0))
    mean: Array = _cell_sums(small * inside) / held
    variance = np.maximum(_cell_sums(small * small * inside) / held - mean * mean, np.float32(0.0))
    darkest = small[0] + np.tensordot(CB_CR_TO_RGB, small[1:], axes=1).min(axis=0)
    luma = float((small[0] * inside).sum())
    dark = float((np.maximum(darkest, 0.0) * inside).sum()) / max(luma, 1e-3)
    return SceneStatistics(mean, variance, content / np.float32(PIXELS * PIXELS), dark)


def average(cells: Array, weight: Array) -> float:
    """Weighted mean of (ROWS, COLUMNS)."""
    return float((cells * weight).sum() / max(float(weight.sum()), 1e-3))


def _cell_sums(values: Array) -> Array:
    shape = values.shape[:-2]
    sums: Array = values.reshape(*shape, ROWS, PIXELS, COLUMNS, PIXELS).sum((-3, -1))
    return sums
