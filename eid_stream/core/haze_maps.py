"""Haze maps: what an engine answers, and the one thing the correction needs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

GAIN_LUMA, OFFSET_Y, GAIN_CHROMA, OFFSET_CB, OFFSET_CR = range(5)

T_MIN = 0.2
"""Smallest transmission an engine may claim; denser smoke holds no more signal than noise."""
GAIN_RANGE = (0.5, 1.0 / T_MIN)
OFFSET_LIMIT = 1.1 * (1.0 / T_MIN - 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class HazeMaps:
    """A smooth, bounded affine correction of Y'CbCr planes on a coarse grid.

    ``values`` is float32 of shape ``(5, grid_height, grid_width)``: gain_luma, offset_y, gain_chroma, offset_cb,
    offset_cr. Between cells they are bilinear with aligned corners: the first and last cell lie on the centres of
    the first and last pixel of a plane. With Y' in [0, 1] and Cb, Cr in [-0.5, 0.5] of BT.709 the correction is

        Y' <- gain_luma Y' + offset_y,    C <- gain_chroma C + offset_c

    which for gains 1/t and offsets A (1 - 1/t) inverts the scattering model I = J t + A (1 - t) (He et al. 2009,
    eq. 1). RGB to Y'CbCr is linear, so correcting planes equals correcting RGB.
    ``density`` in [0, 1] tells how much haze the engine sees in the whole picture.
    """

    values: NDArray[np.float32]
    density: float

    @classmethod
    def identity(cls, grid_height: int = 2, grid_width: int = 2) -> "HazeMaps":
        """Maps that say "no haze": gains one, offsets zero; the correction then returns its input bit for bit."""
        values = np.zeros((5, grid_height, grid_width), np.float32)
        values[[GAIN_LUMA, GAIN_CHROMA]] = 1.0
        return cls(values, 0.0)

    @classmethod
    def from_transmission(
        cls, transmission: NDArray[np.float32], airlight: NDArray[np.float32], density: float
    ) -> "HazeMaps":
        """Maps of the scattering model: t of shape (h, w) in [T_MIN, 1], Y'CbCr airlight broadcastable to (3, h, w)."""
        gain = 1.0 / np.maximum(transmission, T_MIN)
        offset = np.broadcast_to(airlight, (3, *transmission.shape)) * (1.0 - gain)
        values = np.stack([gain, offset[0], gain, offset[1], offset[2]])
        return cls(values.astype(np.float32, copy=False), density)

    def cropped(self, canvas: tuple[int, int], left: int, top: int, width: int, height: int) -> "HazeMaps":
        """Maps over a rectangle (in pixels) of the canvas ``(height, width)`` that these maps span.

        The first and last cell move to the outer edges of the rectangle, where the first and last pixel of the
        full-size picture are; the grid keeps its pitch.
        """
        if (left, top, height, width) == (0, 0, *canvas):
            return self
        rows = _cells(top, height, canvas[0], self.grid[0])
        columns = _cells(left, width, canvas[1], self.grid[1])
        return HazeMaps(_between(_between(self.values, rows, axis=1), columns, axis=2), self.density)

    def towards(self, later: "HazeMaps", share: float) -> "HazeMaps":
        """Maps between these and ``later``, of the same grid: 0 gives these, 1 gives those."""
        values = self.values + np.float32(share) * (later.values - self.values)
        return HazeMaps(values, self.density + share * (later.density - self.density))

    @property
    def grid(self) -> tuple[int, int]:
        """Cells as ``(grid_height, grid_width)``."""
        return int(self.values.shape[1]), int(self.values.shape[2])

    def fault(self) -> str | None:
        """Why these maps must not be applied to a picture, or None when they are sound."""
        values = self.values
        if values.ndim != 3 or values.shape[0] != 5 or min(values.shape[1:]) < 2 or values.dtype != np.float32:
            return f"haze maps are {values.dtype} {values.shape}, expected float32 (5, >=2, >=2)"
        if not (np.isfinite(values).all() and np.isfinite(self.density)):
            return "haze maps hold NaN or infinity"
        gains = values[[GAIN_LUMA, GAIN_CHROMA]]
        tolerance = 1e-3
        if gains.min() < GAIN_RANGE[0] - tolerance or gains.max() > GAIN_RANGE[1] + tolerance:
            return f"haze map gains reach [{gains.min():.3g}, {gains.max():.3g}], allowed are {list(GAIN_RANGE)}"
        largest = float(np.abs(values[[OFFSET_Y, OFFSET_CB, OFFSET_CR]]).max())
        if largest > OFFSET_LIMIT + tolerance:
            return f"a haze map offset reaches {largest:.3g}, allowed is {OFFSET_LIMIT:.3g}"
        if not 0.0 <= self.density <= 1.0:
            return f"haze density is {self.density:.3g}, allowed is [0, 1]"
        return None


def _cells(first: int, length: int, canvas: int, cells: int) -> NDArray[np.float32]:
    pitch = (canvas - 1) / (cells - 1)
    edges = np.clip([first - 0.5, first + length - 0.5], 0, canvas - 1) / pitch
    count = max(2, round(edges[1] - edges[0]) + 1)
    return np.linspace(edges[0], edges[1], count, dtype=np.float32)


def _between(values: NDArray[np.float32], positions: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """Linear interpolation along one axis; written as a + (b - a) f so that equal neighbours stay exact."""
    lower = np.minimum(positions.astype(np.intp), values.shape[axis] - 2)
    shape = [1, 1, 1]
    shape[axis] = -1
    fraction = (positions - lower).reshape(shape)
    a: NDArray[np.float32] = values.take(lower, axis)
    between: NDArray[np.float32] = a + (values.take(lower + 1, axis) - a) * fraction.astype(np.float32)
    return between
