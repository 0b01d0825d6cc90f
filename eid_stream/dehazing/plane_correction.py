"""The correction: haze maps onto full-size Y'CbCr planes, by arithmetic alone.

Each sample becomes ``gain * code + offset`` with gain and offset bilinear between the cells of the maps; luma keeps at
least a quarter of its light, and what is bright gets no brighter. The work is split into bands of rows, one per core
where somebody waits for the picture; the loops release the GIL.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache

import numpy as np
from numpy.typing import NDArray

from eid_stream.core.colour_matrix import from_bt709
from eid_stream.core.frame import Colour, PixelLayout, Plane, Planes
from eid_stream.core.haze_maps import GAIN_CHROMA, GAIN_LUMA, OFFSET_CB, OFFSET_CR, OFFSET_Y, HazeMaps
from eid_stream.core.kernels.choice import loops
from eid_stream.core.kernels.plain import Bound

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
LESS_THAN_A_CODE = 0.49
"""Change in code values that rounding takes back, with room for the rounding of float32."""
BANDS = min(4, os.cpu_count() or 1)
Line = NDArray[np.float32]
_PLANES = (GAIN_LUMA, OFFSET_Y), (GAIN_CHROMA, OFFSET_CB), (GAIN_CHROMA, OFFSET_CR)


def apply_maps(
    planes: Planes,
    out: Planes,
    maps: HazeMaps,
    layout: PixelLayout,
    colour: Colour,
    strength: float = 1.0,
    *,
    bands: int = BANDS,
) -> None:
    """Correct ``planes`` into ``out`` (same shapes and dtype; rows may be strided, samples must be contiguous).

    ``strength`` in [0, 1] blends the maps with identity: 0, and cells that say "no haze", return the input bit for
    bit. No luma sample loses more than ``strength * MOST_LIGHT_TAKEN`` of what it has above black, or gains more than
    ``strength * MOST_LIGHT_ADDED`` of what it lacks of ``BRIGHT``. Results are rounded to nearest; chroma saturates at
    the code range of the bit depth. Bilinear interpolation has aligned corners in every plane; gains and offsets are
    taken around black and neutral chroma of ``colour``; offsets, which are of BT.709 in the maps, in its matrix.
    Fewer ``bands`` take longer and less of the processor; the picture is the same.
    """
    luma = colour.luma_levels(layout.bit_depth)
    largest = float((1 << layout.bit_depth) - 1)
    light = (luma[0], strength * MOST_LIGHT_TAKEN, luma[0] + BRIGHT * luma[1], strength * MOST_LIGHT_ADDED)
    bounds = light, *((0.0, 1.0, largest, 1.0),) * 2
    in_codes = _in_codes(maps, layout, colour, strength)
    work = [_PlaneWork(*each) for each in zip(planes, out, in_codes, bounds, strict=True)]

    def correct_band(band: int) -> None:
        for plane in work:
            plane.correct(band, bands)

    others = [_workers().submit(correct_band, band) for band in range(1, bands)]
    correct_band(0)
    wait(others)
    for other in others:
        other.result()


def changes_nothing(maps: HazeMaps, layout: PixelLayout, colour: Colour, strength: float = 1.0) -> bool:
    """Whether ``apply_maps`` would return every sample as it is: between cells nothing changes more than at them."""
    largest = np.float32((1 << layout.bit_depth) - 1)
    ends = (
        change
        for gains, offsets in _in_codes(maps, layout, colour, strength)
        for change in (offsets, (gains - np.float32(1.0)) * largest + offsets)  # of code 0, and of the largest
    )
    return all(float(np.abs(change).max()) < LESS_THAN_A_CODE for change in ends)


def _in_codes(maps: HazeMaps, layout: PixelLayout, colour: Colour, strength: float) -> Iterator[tuple[Line, Line]]:
    """Gains and offsets of Y, Cb and Cr, one after the other, for code values of a layout and colour."""
    values = _in_matrix(maps.values, colour.matrix)
    levels = colour.luma_levels(layout.bit_depth), *(colour.chroma_levels(layout.bit_depth),) * 2
    for (gain_at, offset_at), (zero, span) in zip(_PLANES, levels, strict=True):
        gain = 1.0 + np.float32(strength) * (values[gain_at] - 1.0)
        offset = np.float32(strength * span) * values[offset_at] + np.float32(zero) * (1.0 - gain)
        yield np.ascontiguousarray(gain, np.float32), np.ascontiguousarray(offset, np.float32)


def _in_matrix(values: Line, matrix: int) -> Line:
    """Maps for planes of a matrix: exact where luma and chroma have one gain, else within about a code value."""
    change = from_bt709(matrix)
    if change is None:
        return values
    offsets = [OFFSET_Y, OFFSET_CB, OFFSET_CR]
    changed = values.copy()
    changed[offsets] = np.tensordot(change, values[offsets], axes=1)
    return changed


class _PlaneWork:
    """One plane with its maps, in code values."""

    def __init__(self, plane: Plane, out: Plane, in_codes: tuple[Line, Line], bound: Bound) -> None:
        if plane.shape != out.shape or plane.dtype != out.dtype:
            raise ValueError(f"planes differ: {plane.dtype} {plane.shape} into {out.dtype} {out.shape}")
        self.plane, self.out, self.bound = plane, out, bound
        self.gains, self.offsets = in_codes

    def correct(self, band: int, bands: int) -> None:
        """Correct one of so many bands of rows."""
        height = self.plane.shape[0]
        first, last = height * band // bands, height * (band + 1) // bands
        loops().correct(self.plane, self.out, self.gains, self.offsets, self.bound, first, last)


@cache
def _workers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max(1, BANDS - 1), thread_name_prefix="apply")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_workers.cache_clear)  # threads do not survive a fork
