"""The loops over views of a scene in C, from the same library as those of ``compiled.py``."""

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eid_stream.core.kernels.compiled import functions_of, in_line, open_library
from eid_stream.core.kernels.plain_views import FLOW_SHAPE, Array, Mask

_POINTER, _COUNT, _FLOAT = ctypes.c_void_p, ctypes.c_int32, ctypes.c_float
_PARAMETERS: dict[str, tuple[Any, ...]] = {
    "local_means": (_POINTER, *(_COUNT,) * 3, _POINTER, _POINTER),
    "content": (_POINTER, *(_COUNT,) * 2, _FLOAT, _POINTER),
    "sampled": (_POINTER, *(_COUNT,) * 3, *(_POINTER,) * 3),
    "flow": (_POINTER, _POINTER, *(_COUNT,) * 2, *(_FLOAT,) * 2, _POINTER, _POINTER),
}
_WIDEST, _LARGEST_SIDE = 256, 127
"""What ``local_means`` has room for."""


def open_compiled_views() -> "CompiledViews | None":
    """The loops in C; None where there is no library, or one that does not hold them."""
    library = open_library()
    try:
        return None if library is None else CompiledViews(library)
    except AttributeError:
        return None


class CompiledViews:
    """The same in C: each computes what its namesake in ``PlainViews`` says."""

    def __init__(self, library: ctypes.CDLL) -> None:
        """Take a library that holds them.

        Raises:
            AttributeError: it does not.
        """
        self._call = functions_of(library, _PARAMETERS)

    def local_means(self, plane: Array, side: int) -> Array:
        """As in ``PlainViews``."""
        plane = in_line(plane)
        if plane.shape[1] > _WIDEST or side > _LARGEST_SIDE or side % 2 == 0:
            raise ValueError(f"local means over {side} pixels of {plane.shape} are not provided for")
        lines, means = np.empty_like(plane), np.empty_like(plane)
        self._call["local_means"](plane.ctypes.data, *plane.shape, side, lines.ctypes.data, means.ctypes.data)
        return means

    def content(self, luma: Array, black: float) -> Mask:
        """As in ``PlainViews``."""
        luma = in_line(luma)
        shown: NDArray[np.uint8] = np.empty(luma.shape, np.uint8)
        self._call["content"](luma.ctypes.data, *luma.shape, black, shown.ctypes.data)
        return shown.view(np.bool_)

    def sampled(self, planes: Array, across: Array, down: Array) -> Array:
        """As in ``PlainViews``."""
        lines = [in_line(planes), in_line(across), in_line(down)]
        if not lines[0].shape[1:] == lines[1].shape == lines[2].shape:
            raise ValueError(f"{lines[0].shape} cannot be sampled at {lines[1].shape}, {lines[2].shape} places")
        result = np.empty_like(lines[0])
        self._call["sampled"](
            lines[0].ctypes.data, *planes.shape, lines[1].ctypes.data, lines[2].ctypes.data, result.ctypes.data
        )
        return result

    def flow(self, now: Array, then: Array, start: tuple[float, float]) -> tuple[Array, Array]:
        """As in ``PlainViews``."""
        if not now.shape == then.shape == FLOW_SHAPE:
            raise ValueError(f"flow is found between views of {FLOW_SHAPE}, not {now.shape} and {then.shape}")
        one, other = np.array(now, np.float32, order="C"), np.array(then, np.float32, order="C")
        across, down = np.empty_like(one), np.empty_like(one)
        places = (across.ctypes.data, down.ctypes.data)
        self._call["flow"](one.ctypes.data, other.ctypes.data, *one.shape, *start, *places)
        return across, down
