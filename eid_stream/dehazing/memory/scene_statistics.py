"""What a thumbnail looks like, in few numbers: statistics of its content in coarse cells."""

import math
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from eid_stream.core.box_means import box_means
from eid_stream.core.content_area import content_mask
from eid_stream.core.haze_maps import GAIN_CHROMA, GAIN_LUMA, OFFSET_CB, OFFSET_Y, HazeMaps
from eid_stream.core.thumbnail import Area, Thumbnail
from eid_stream.dehazing.memory.registration import Codes, at_size, normalised_detail

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]
ROWS, COLUMNS = 12, 16
"""Cells of the canvas: smoke is smooth, and a cell of this size holds enough pixels for a deviation."""
PIXELS = 4
"""Means per row and column of a cell that its statistics are taken of; finer detail is noise, codec and motion blur."""
LEAST_DETAIL = 0.004
"""Added to a deviation before its logarithm is taken: what noise leaves of it, luma in [0, 1]."""


@dataclass(frozen=True, eq=False)
class SceneStatistics:
    """Statistics of one thumbnail, float32 by cell. Y' in [0, 1], Cb and Cr in [-0.5, 0.5]."""

    mean: Array
    """(3, ROWS, COLUMNS), of Y', Cb, Cr."""
    variance: Array
    """(3, ROWS, COLUMNS), within each cell."""
    content: Array
    """(ROWS, COLUMNS), the share of each cell in [0, 1] that is not border; what is dark amid the scene counts."""
    shown: Mask
    """(ROWS * PIXELS, COLUMNS * PIXELS), the same by pixel of ``small``."""
    within: Mask
    """Of the same shape: whether a pixel is the picture's, dark corners and all, and not the canvas around it."""
    dark: float
    """Mean of the smallest of R, G and B over the content, relative to its mean luma: haze takes colour away."""
    small: Array
    """(3, ROWS * PIXELS, COLUMNS * PIXELS), Y', Cb, Cr."""
    structure: Codes
    """As ``normalised_detail`` has it: what the view is registered by."""

    @cached_property
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
        """What they are once maps, over the same canvas, have been applied; ``dark`` excepted, which stays."""
        gains, offsets = _gains_and_offsets(maps)
        each = (np.repeat(np.repeat(cells, PIXELS, 1), PIXELS, 2) for cells in (gains, offsets))
        moments = self.with_corrected_moments(maps)
        return replace(moments, small=next(each) * self.small + next(each))

    def with_corrected_moments(self, maps: HazeMaps) -> "SceneStatistics":
        """The same of ``mean`` and ``variance`` alone, in a quarter of the time."""
        gains, offsets = _gains_and_offsets(maps)
        return replace(self, mean=gains * self.mean + offsets, variance=gains**2 * self.variance)

    def darkened_as(self, given: "SceneStatistics") -> "SceneStatistics":
        """With ``dark`` as far from that of ``given``, before its correction, as the cells' means tell."""
        ratio = _dark_of(self.mean, self.content) / max(_dark_of(given.mean, given.content), 1e-3)
        return replace(self, dark=given.dark * ratio)

    def whole(self) -> NDArray[np.float64]:
        """(7,), of the whole picture's content.

        Mean of Y', Cb, Cr; logarithms of the deviation of luma, of that of chroma, and of detail less mean luma
        (``relative_detail``); logarithm of ``dark``.
        """
        return self._whole

    @cached_property
    def _whole(self) -> NDArray[np.float64]:
        return np.array([*self.light(), self.relative_detail, np.log(self.dark + 0.02)], np.float64)

    def light(self) -> NDArray[np.float64]:
        """(5,), the first five of ``whole``."""
        weight = self.content.ravel() / max(float(self.content.sum()), 1e-3)
        cells, spread = self.mean.reshape(3, -1), self.variance.reshape(3, -1)
        mean = cells @ weight
        spread = (np.square(cells - mean[:, None]) + spread) @ weight
        contrast = [math.log(float(spread[0]) ** 0.5 + 0.01), math.log(float(spread[1] + spread[2]) ** 0.5 + 0.01)]
        return np.array([*mean, *contrast], np.float64)


def _gains_and_offsets(maps: HazeMaps) -> tuple[Array, Array]:
    """(3, ROWS, COLUMNS) each, of Y', Cb, Cr."""
    cells = box_means(maps.values, ROWS, COLUMNS) if maps.grid != (ROWS, COLUMNS) else maps.values
    return cells[[GAIN_LUMA, GAIN_CHROMA, GAIN_CHROMA]], cells[[OFFSET_Y, OFFSET_CB, OFFSET_CB + 1]]


def measure(thumbnail: Thumbnail, content: Mask | None = None) -> SceneStatistics:
    """Statistics of a thumbnail's content, which may be given, (ROWS * PIXELS, COLUMNS * PIXELS)."""
    small = _shrunk(thumbnail.values, COLUMNS * PIXELS, ROWS * PIXELS)
    within = _within(thumbnail.picture, thumbnail.values.shape[1:])
    mask = (content_mask(small[0]) if content is None else content) & within
    shown = mask.astype(np.float32)
    share = box_means(shown, ROWS, COLUMNS)
    held = np.asarray(np.maximum(share, np.float32(1.0 / PIXELS**2)), np.float32)
    mean: Array = box_means(small * shown, ROWS, COLUMNS) / held
    variance: Array = box_means(np.square(small) * shown, ROWS, COLUMNS) / held - np.square(mean)
    dark = (np.maximum(least_of_rgb(small), 0.0) * shown).sum() / max(float((small[0] * shown).sum()), 1e-3)
    variance = np.maximum(variance, np.float32(0.0))
    return SceneStatistics(mean, variance, share, mask, within, float(dark), small, normalised_detail(thumbnail))


def content_of(thumbnail: Thumbnail) -> Mask:
    """(ROWS * PIXELS, COLUMNS * PIXELS): what is not border."""
    return content_mask(_shrunk(thumbnail.values, COLUMNS * PIXELS, ROWS * PIXELS)[0])


@lru_cache(maxsize=8)
def _within(picture: Area, canvas: tuple[int, int]) -> Mask:
    """Pixels of ``SceneStatistics.small`` that are wholly the picture's; of one that is thinner, most nearly so."""
    shown = np.zeros(canvas, np.float32)
    shown[picture.top : picture.top + picture.height, picture.left : picture.left + picture.width] = 1.0
    share = _shrunk(shown, COLUMNS * PIXELS, ROWS * PIXELS)
    mask = np.asarray(share >= min(0.999, float(share.max())))
    mask.setflags(write=False)
    return mask


def _shrunk(values: Array, width: int, height: int) -> Array:
    return values if values.shape[-2:] == (height, width) else at_size(values, width, height)


def _dark_of(mean: Array, content: Array) -> float:
    """``dark`` of the cells' means."""
    return average(np.maximum(least_of_rgb(mean), 0.0), content) / max(average(mean[0], content), 1e-3)


def least_of_rgb(ycbcr: Array) -> Array:
    """The smallest of R, G and B of colours (3, ...), Y'CbCr: haze adds to it."""
    least = np.minimum(np.minimum(1.5748 * ycbcr[2], -0.1873 * ycbcr[1] - 0.4681 * ycbcr[2]), 1.8556 * ycbcr[1])
    return np.asarray(ycbcr[0] + least, np.float32)


def opacity_seen(maps: HazeMaps) -> Array:
    """(ROWS, COLUMNS): the opacity of luma that maps take away."""
    gain = box_means(maps.values[GAIN_LUMA], ROWS, COLUMNS)
    return np.asarray(np.maximum(np.float32(1.0) - np.float32(1.0) / gain, np.float32(0.0)), np.float32)


def average(cells: Array, weight: Array) -> float:
    """Weighted mean of (ROWS, COLUMNS)."""
    return float((cells * weight).sum() / max(float(weight.sum()), 1e-3))
