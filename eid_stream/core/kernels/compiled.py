"""The loops in C, built when the package was installed; ctypes lets go of the GIL while one runs."""

import ctypes
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eid_stream.core.frame import Plane, Planes, row_stride
from eid_stream.core.kernels.plain import Array, Bound

FILE = "_loops.dll" if os.name == "nt" else "_loops.so"
_VERSION = 2
_POINTER, _SIZE, _COUNT, _FLOAT, _DOUBLE = (
    ctypes.c_void_p,
    ctypes.c_int64,
    ctypes.c_int32,
    ctypes.c_float,
    ctypes.c_double,
)
_CORRECT = (_POINTER, _SIZE, _POINTER, _SIZE, _POINTER, _POINTER, *(_COUNT,) * 2, *(_FLOAT,) * 4, *(_COUNT,) * 4)
_AVERAGE = (_POINTER, _SIZE, *(_COUNT,) * 2, _POINTER, _SIZE, *(_COUNT,) * 2, *(_FLOAT,) * 2, _POINTER)
_ADD = (_POINTER, *(_POINTER, _POINTER) * 2, *(_COUNT,) * 2, *(_FLOAT,) * 2, _POINTER)
_PARAMETERS: dict[str, tuple[Any, ...]] = {
    "correct_u8": _CORRECT,
    "correct_u16": _CORRECT,
    "average_u8": _AVERAGE,
    "average_u16": _AVERAGE,
    "log_likelihoods": (*(_POINTER,) * 8, *(_COUNT,) * 2, *(_DOUBLE,) * 2, _POINTER),
    "likeliest": (_POINTER, *(_COUNT,) * 2, _FLOAT, _POINTER),
    "add_difference_u8": _ADD,
    "add_difference_f32": _ADD,
    "box_means": (_POINTER, *(_COUNT,) * 5, _POINTER, _POINTER),
    "layer": (_POINTER, *(_COUNT,) * 2, _POINTER, _POINTER, _COUNT, _POINTER, _POINTER),
}


def open_library(folder: Path = Path(__file__).parent) -> ctypes.CDLL | None:
    """The library; None where it was not built, cannot be loaded, or is of another version of this package."""
    try:
        library = ctypes.CDLL(str(folder / FILE))
        known = ctypes.c_int32.in_dll(library, "loops_version").value == _VERSION
        return library if known else None
    except (OSError, ValueError):
        return None


def functions_of(library: ctypes.CDLL, parameters: Mapping[str, tuple[Any, ...]]) -> dict[str, Any]:
    """Functions of a library that answer nothing, by name, with their parameters.

    Raises:
        AttributeError: the library lacks one.
    """
    functions = {name: getattr(library, name) for name in parameters}
    for name, function in functions.items():
        function.argtypes, function.restype = parameters[name], None
    return functions


def in_line(values: Array) -> Array:
    """As float32 without gaps."""
    return np.ascontiguousarray(values, np.float32)


def open_compiled(folder: Path = Path(__file__).parent) -> "CompiledLoops | None":
    """The loops in C; None where there is no library, or one that does not hold them."""
    library = open_library(folder)
    try:
        return None if library is None else CompiledLoops(library)
    except AttributeError:
        return None


class CompiledLoops:
    """The same in C: each computes what its namesake in ``PlainLoops`` says."""

    name = "C"

    def __init__(self, library: ctypes.CDLL) -> None:
        """Take a library that holds them.

        Raises:
            AttributeError: it does not.
        """
        self._call = functions_of(library, _PARAMETERS)

    def correct(
        self, plane: Plane, out: Plane, gains: Array, offsets: Array, bound: Bound, first: int, last: int
    ) -> None:
        """As in ``PlainLoops``."""
        gains, offsets = in_line(gains), in_line(offsets)
        self._call[f"correct_u{plane.itemsize * 8}"](
            plane.ctypes.data,
            row_stride(plane),
            out.ctypes.data,
            row_stride(out),
            gains.ctypes.data,
            offsets.ctypes.data,
            *gains.shape,
            *bound,
            first,
            last,
            *plane.shape,
        )

    def average(self, plane: Plane, small: Array, scale: float, zero: float) -> None:
        """As in ``PlainLoops``."""
        sums = np.empty(plane.shape[1], np.uint16 if plane.itemsize == 1 else np.uint32)
        self._call[f"average_u{plane.itemsize * 8}"](
            plane.ctypes.data,
            row_stride(plane),
            *plane.shape,
            small.ctypes.data,
            small.strides[0] // small.itemsize,
            *small.shape,
            scale,
            zero,
            sums.ctypes.data,
        )

    def box_means(self, planes: Array, rows: int, columns: int) -> Array:
        """As in ``PlainLoops``."""
        planes = in_line(planes)
        height, width = planes.shape[-2:]
        result = np.empty((*planes.shape[:-2], rows, columns), np.float32)
        line = np.empty(width, np.float32)
        count = planes.size // (height * width)
        self._call["box_means"](
            planes.ctypes.data, count, height, width, rows, columns, line.ctypes.data, result.ctypes.data
        )
        return result

    def layer(self, cells: Array, taps: Array, added: Array, dilation: int) -> Array:
        """As in ``PlainLoops``."""
        cells, taps, added = in_line(cells), in_line(taps), in_line(added)
        channels, rows, columns = cells.shape
        if columns != 16 or rows % 2 or channels % 4 or taps.shape != (channels, channels, 9):
            raise ValueError(f"a layer has 16 columns, rows by twos and channels by fours: {cells.shape}, {taps.shape}")
        padded = np.empty((channels, rows + 2 * dilation, columns + 2 * dilation), np.float32)
        result = np.empty_like(cells)
        given = (cells.ctypes.data, channels, rows, taps.ctypes.data, added.ctypes.data)
        self._call["layer"](*given, dilation, padded.ctypes.data, result.ctypes.data)
        return result

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
        """As in ``PlainLoops``."""
        given = (mean, log_detail, expected, precision, expected_detail, detail_variance, airlight, opacities)
        lines = [in_line(values) for values in given]
        result = np.empty((len(opacities), *log_detail.shape), np.float32)
        places = (line.ctypes.data for line in lines)
        self._call["log_likelihoods"](*places, len(opacities), log_detail.size, freedom, price, result.ctypes.data)
        return result

    def likeliest(self, likelihood: Array, step: float) -> Array:
        """As in ``PlainLoops``."""
        likelihood = in_line(likelihood)
        result = np.empty(likelihood.shape[1:], np.float32)
        self._call["likeliest"](likelihood.ctypes.data, len(likelihood), result.size, step, result.ctypes.data)
        return result

    def add_difference(
        self, rgb: NDArray[Any], before: Planes, after: Planes, scale: float, most: float, out: NDArray[Any]
    ) -> None:
        """As in ``PlainLoops``."""
        rgb = np.ascontiguousarray(rgb)
        versions = [part for planes in (before, after) for part in (_addresses(planes), _strides(planes))]
        name = "add_difference_u8" if rgb.dtype == np.uint8 else "add_difference_f32"
        places = (part.ctypes.data for part in versions)
        self._call[name](rgb.ctypes.data, *places, *rgb.shape[:2], scale, most, out.ctypes.data)


def _addresses(planes: Planes) -> NDArray[np.intp]:
    return np.array([plane.ctypes.data for plane in planes], np.intp)


def _strides(planes: Planes) -> NDArray[np.int64]:
    return np.array([row_stride(plane) for plane in planes], np.int64)
