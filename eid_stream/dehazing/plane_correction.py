"""The correction: haze maps onto full-size Y'CbCr planes, by arithmetic alone.

Each sample becomes ``gain * code + offset`` with gain and offset bilinear between the cells of the maps; luma keeps at
least a quarter of its light, and what is bright gets no brighter. The work is split into one band of rows per core; the
kernels release the GIL.
"""

import os
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eid_stream.core.colour_matrix import from_bt709
from eid_stream.core.frame import Colour, PixelLayout, Plane, Planes, flat_view
from eid_stream.core.haze_maps import GAIN_CHROMA, GAIN_LUMA, OFFSET_CB, OFFSET_CR, OFFSET_Y, HazeMaps
from eid_stream.core.kernels import kernel

MOST_LIGHT_TAKEN = 0.75
"""Share of a pixel's luma above black that may be taken for smoke. Maps are smooth, and beside the rim of a small dense
puff they would take more light than a pixel has: healthy tissue must not come out black, as if charred. It bounds
transmission pixel by pixel, as Meng et al. (ICCV 2013) do by the least light that a scene may have."""
BRIGHT = 0.85
"""Luma in [0, 1] from which a pixel gets no brighter: what is brighter than the smoke before it would be raised until
it clips, and a clipped highlight is lost for good."""
MOST_LIGHT_ADDED = 0.5
"""Share of what a pixel lacks of ``BRIGHT`` that may be added to it. Not all: of two bright pixels one stays the
brighter."""
BANDS = min(4, os.cpu_count() or 1)
Line = NDArray[np.float32]


def apply_maps(
    planes: Planes, out: Planes, maps: HazeMaps, layout: PixelLayout, colour: Colour, strength: float = 1.0
) -> None:
    """Correct ``planes`` into ``out`` (same shapes and dtype; rows may be strided, samples must be contiguous).

    ``strength`` in [0, 1] blends the maps with identity: 0, and cells that say "no haze", return the input bit for
    bit. No luma sample loses more than ``strength * MOST_LIGHT_TAKEN`` of what it has above black, or gains more than
    ``strength * MOST_LIGHT_ADDED`` of what it lacks of ``BRIGHT``. Results are rounded to nearest; chroma saturates at
    the code range of the bit depth. Bilinear interpolation has aligned corners in every plane; gains and offsets are
    taken around black and neutral chroma of ``colour``; offsets, which are of BT.709 in the maps, in its matrix.
    """
    luma = colour.luma_levels(layout.bit_depth)
    chroma = colour.chroma_levels(layout.bit_depth)
    values = _in_matrix(maps.values, colour.matrix)
    largest = float((1 << layout.bit_depth) - 1)
    light = _Bound.of(luma[0], strength * MOST_LIGHT_TAKEN, luma[0] + BRIGHT * luma[1], strength * MOST_LIGHT_ADDED)
    colours = _Bound.of(0.0, 1.0, largest, 1.0)
    work = [
        _PlaneWork(planes[0], out[0], values[GAIN_LUMA], values[OFFSET_Y], luma, strength, light),
        _PlaneWork(planes[1], out[1], values[GAIN_CHROMA], values[OFFSET_CB], chroma, strength, colours),
        _PlaneWork(planes[2], out[2], values[GAIN_CHROMA], values[OFFSET_CR], chroma, strength, colours),
    ]

    def correct_band(band: int) -> None:
        for plane in work:
            plane.correct(band)

    others = [_workers().submit(correct_band, band) for band in range(1, BANDS)]
    correct_band(0)
    wait(others)
    for other in others:
        other.result()


def _in_matrix(values: Line, matrix: int) -> Line:
    """Maps for planes of a matrix: exact where luma and chroma have one gain, else within about a code value."""
    change = from_bt709(matrix)
    if change is None:
        return values
    offsets = [OFFSET_Y, OFFSET_CB, OFFSET_CR]
    changed = values.copy()
    changed[offsets] = np.tensordot(change, values[offsets], axes=1)
    return changed


class _Bound(NamedTuple):
    """At most ``share`` of what a code value has above ``zero`` is taken from it, and at most ``rise`` of what it lacks
    of ``bright`` is added."""

    zero: np.float32
    share: np.float32
    bright: np.float32
    rise: np.float32

    @classmethod
    def of(cls, zero: float, share: float, bright: float, rise: float) -> "_Bound":
        return cls(np.float32(zero), np.float32(share), np.float32(bright), np.float32(rise))


class _PlaneWork:
    """One plane with its maps expanded to full width, in code values."""

    def __init__(
        self,
        plane: Plane,
        out: Plane,
        gain: Line,
        offset: Line,
        levels: tuple[float, float],
        strength: float,
        bound: _Bound,
    ) -> None:
        if plane.shape != out.shape or plane.dtype != out.dtype:
            raise ValueError(f"planes differ: {plane.dtype} {plane.shape} into {out.dtype} {out.shape}")
        self.height, self.width = plane.shape
        self.plane, self.stride = flat_view(plane)
        self.out, self.out_stride = flat_view(out)
        zero, span = levels
        gain = 1.0 + np.float32(strength) * (gain - 1.0)
        codes = np.float32(strength * span) * offset + np.float32(zero) * (1.0 - gain)
        self.gains = _expand_columns(np.ascontiguousarray(gain, np.float32), self.width)
        self.offsets = _expand_columns(np.ascontiguousarray(codes, np.float32), self.width)
        self.bound = bound

    def correct(self, band: int) -> None:
        """Correct one of the ``BANDS`` bands of rows."""
        first, last = self.height * band // BANDS, self.height * (band + 1) // BANDS
        _correct_rows(
            self.plane,
            self.stride,
            self.out,
            self.out_stride,
            self.gains,
            self.offsets,
            *self.bound,
            first,
            last,
            self.height,
        )


@cache
def _workers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max(1, BANDS - 1), thread_name_prefix="apply")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_workers.cache_clear)  # threads do not survive a fork


@kernel()
def _expand_columns(cells: Line, width: int) -> Line:
    grid_height, grid_width = cells.shape
    lines = np.empty((grid_height, width), np.float32)
    pitch = (grid_width - 1) / max(width - 1, 1)
    for x in range(width):
        left = min(int(x * pitch), grid_width - 2)
        fraction = np.float32(x * pitch - left)
        for row in range(grid_height):
            a = cells[row, left]
            lines[row, x] = a + (cells[row, left + 1] - a) * fraction
    return lines


@kernel(fastmath={"contract"})
def _correct_rows(
    plane: Plane,
    stride: int,
    out: Plane,
    out_stride: int,
    gains: Line,
    offsets: Line,
    lowest: np.float32,
    most_taken: np.float32,
    bright: np.float32,
    rise: np.float32,
    first: int,
    last: int,
    height: int,
) -> None:
    grid_height, width = gains.shape
    pitch = (grid_height - 1) / max(height - 1, 1)
    for y in range(first, last):
        above = min(int(y * pitch), grid_height - 2)
        fraction = np.float32(y * pitch - above)
        source = plane[y * stride : y * stride + width]
        target = out[y * out_stride : y * out_stride + width]
        gain_above, gain_below = gains[above], gains[above + 1]
        offset_above, offset_below = offsets[above], offsets[above + 1]
        for x in range(width):
            gain = gain_above[x] + (gain_below[x] - gain_above[x]) * fraction
            offset = offset_above[x] + (offset_below[x] - offset_above[x]) * fraction
            code = np.float32(source[x])
            least = code - most_taken * max(code - lowest, np.float32(0.0))
            most = code + rise * max(bright - code, np.float32(0.0))
            target[x] = np.int32(min(max(gain * code + offset, least), most) + np.float32(0.5))
