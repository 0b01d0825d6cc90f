"""The loops by NumPy: what each of them computes, and a slow way out where the package was installed without C."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eid_stream.core.frame import Plane, Planes

Array = NDArray[np.float32]
Bound = tuple[float, float, float, float]
"""``lowest, share, bright, rise``: at most ``share`` of what a code value has above ``lowest`` is taken from it, and at
most ``rise`` of what it lacks of ``bright`` is added."""

_ROWS_AT_ONCE = 16
"""Rows whose intermediate values stay in the cache."""
_TO_RGB = np.array([[1.0, 0.0, 1.5748], [1.0, -0.1873, -0.4681], [1.0, 1.8556, 0.0]], np.float32)
"""ITU-R BT.709, from Y', Cb, Cr of full range to R', G', B'."""


class PlainLoops:
    """The loops by NumPy. Arrays are C-contiguous but for planes, whose rows may be strided."""

    name = "NumPy"
    """Who compiled them."""

    def correct(
        self, plane: Plane, out: Plane, gains: Array, offsets: Array, bound: Bound, first: int, last: int
    ) -> None:
        """Rows ``first`` to ``last`` of a plane: ``gain * code + offset`` within a bound, rounded to nearest.

        Gains and offsets, in code values, are bilinear between the cells of (rows, columns), with aligned corners.
        """
        height, width = plane.shape
        above, down = _between(gains.shape[0], height)
        left, right = _between(gains.shape[1], width)
        lines = [cells[:, left] + (cells[:, left + 1] - cells[:, left]) * right for cells in (gains, offsets)]
        for begin in range(first, last, _ROWS_AT_ONCE):
            rows = slice(begin, min(begin + _ROWS_AT_ONCE, last))
            upper, way = above[rows], down[rows, None]
            gain, offset = (line[upper] + (line[upper + 1] - line[upper]) * way for line in lines)
            out[rows] = (_bounded(gain, offset, plane[rows].astype(np.float32), bound) + np.float32(0.5)).astype(
                np.int32
            )

    def average(self, plane: Plane, small: Array, scale: float, zero: float) -> None:
        """Means over whole-pixel boxes of a plane, times ``scale``, less ``zero``, into a smaller one."""
        small[...] = self.box_means(plane.astype(np.float32), *small.shape) * np.float32(scale) - np.float32(zero)

    def box_means(self, planes: Array, rows: int, columns: int) -> Array:
        """Means over ``rows`` x ``columns`` boxes of whole pixels of (..., height, width)."""
        for axis, boxes in ((planes.ndim - 2, rows), (planes.ndim - 1, columns)):
            length, before, after = planes.shape[axis], planes.shape[:axis], planes.shape[axis + 1 :]
            if length % boxes == 0:  # three times as fast, and the usual case
                planes = planes.reshape(*before, boxes, length // boxes, *after).mean(axis + 1)
                continue
            edges = np.arange(boxes + 1) * length // boxes
            sizes = np.maximum(np.diff(edges), 1).astype(np.float32)
            planes = np.add.reduceat(planes, edges[:-1], axis) / sizes.reshape(boxes, *(1,) * len(after))
        return np.asarray(planes, np.float32)

    def layer(self, cells: Array, taps: Array, added: Array, dilation: int) -> Array:
        """Cells (channels, rows, columns), and what three by three taps (channels, channels, 9) say of each one's
        neighbours, ``dilation`` cells apart and repeated beyond the edges, beside ``added``, where that is positive.
        """
        rows, columns = cells.shape[1:]
        padded = np.pad(cells, ((0, 0), (dilation, dilation), (dilation, dilation)), mode="edge")
        total = np.repeat(added[:, None], rows * columns, axis=1)
        for tap in range(9):
            top, left = tap // 3 * dilation, tap % 3 * dilation
            total += taps[:, :, tap] @ padded[:, top : top + rows, left : left + columns].reshape(len(cells), -1)
        return np.asarray(cells + np.maximum(total, np.float32(0.0)).reshape(cells.shape), np.float32)

    def log_likelihoods(
        self,
        mean: Array,
        log_detail: Array,
        expected: Array,
        precision: Array,
        expected_detail: Array,
        detail_variance: Array,
        airlight: Array,
        opacities: Array,
        freedom: float,
        price: float,
    ) -> Array:
        """(opacities, rows, columns): how likely each opacity is in each cell; ``smoke_fit.py`` says what is what."""
        opacity = opacities[:, None, None, None]
        gain = np.float32(1.0) / (np.float32(1.0) - opacity)
        a, b, c = np.moveaxis((mean - airlight * opacity) * gain - expected, 1, 0)
        p = precision
        q = a * (p[0] * a + 2 * p[1] * b + 2 * p[2] * c) + b * (p[3] * b + 2 * p[4] * c) + p[5] * c * c
        log_t = -np.log(gain[:, 0])
        d = log_detail - log_t - expected_detail
        colour, detail = 1.0 + q / freedom, 1.0 + d * d / (detail_variance * freedom)
        far = (freedom + 3.0) * np.log(colour) + (freedom + 1.0) * np.log(detail)
        return np.asarray(-0.5 * far - 3.0 * log_t - price * opacity[:, 0], np.float32)

    def likeliest(self, likelihood: Array, step: float) -> Array:
        """The opacity of the greatest likelihood in each cell, between the steps by a parabola."""
        steps = len(likelihood)
        middle = np.clip(likelihood.argmax(0), 1, steps - 2)[None]
        below, at, above = (np.take_along_axis(likelihood, middle + way, 0)[0] for way in (-1, 0, 1))
        bend = np.minimum(below - 2.0 * at + above, np.float32(-1e-6))
        place = middle[0] + np.clip(0.5 * (below - above) / bend, -1.0, 1.0)
        return np.asarray(np.clip(place, 0.0, steps - 1.0) * step, np.float32)

    def add_difference(
        self, rgb: NDArray[Any], before: Planes, after: Planes, scale: float, most: float, out: NDArray[Any]
    ) -> None:
        """The difference of two versions of 4:4:4 planes (BT.709, full range) added to RGB, within [0, most]."""
        half = np.float32(0.5 if rgb.dtype == np.uint8 else 0.0)
        for row in range(len(rgb)):
            pairs = zip(before, after, strict=True)
            change = np.stack([new[row].astype(np.float32) - old[row].astype(np.float32) for old, new in pairs], -1)
            value = rgb[row].astype(np.float32) + np.float32(scale) * (change @ _TO_RGB.T)
            out[row] = np.clip(value, np.float32(0.0), np.float32(most)) + half


def _between(cells: int, samples: int) -> tuple[NDArray[np.intp], Array]:
    """For each sample the cell before it, and the way from there to the next one; first and last lie on each other."""
    place = np.arange(samples) * ((cells - 1) / max(samples - 1, 1))
    lower = np.minimum(place.astype(np.intp), cells - 2)
    return lower, (place - lower).astype(np.float32)


def _bounded(gain: Array, offset: Array, code: Array, bound: Bound) -> Array:
    lowest, share, bright, rise = (np.float32(value) for value in bound)
    least = np.minimum(code * (np.float32(1.0) - share) + share * lowest, code)
    most = np.maximum(code * (np.float32(1.0) - rise) + rise * bright, code)
    return np.asarray(np.minimum(np.maximum(gain * code + offset, least), most), np.float32)
