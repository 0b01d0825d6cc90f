"""Which loops are used: those in C, or NumPy's where the package was installed without a C compiler."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from eid_stream.core.frame import Plane, Planes

Array = NDArray[np.float32]


class Loops(Protocol):
    """The loops, whoever compiled them. Arrays are C-contiguous but for planes, whose rows may be strided."""

    @property
    def name(self) -> str:
        """Who compiled them."""

    def correct(
        self, plane: Plane, out: Plane, gains: Array, offsets: Array, bound: "Bound", first: int, last: int
    ) -> None:
        """Rows ``first`` to ``last`` of a plane: ``gain * code + offset`` within a bound, rounded to nearest.

        Gains and offsets, in code values, are bilinear between the cells of (rows, columns), with aligned corners.
        """

    def average(self, plane: Plane, small: Array, scale: float, zero: float) -> None:
        """Means over whole-pixel boxes of a plane, times ``scale``, less ``zero``, into a smaller one."""

    def measure(self, values: Array, rows: int, columns: int, black: float) -> tuple[Array, Array, Array, float]:
        """Of a picture (3, height, width) by cell: mean and variance of what is brighter than black, its share, dark.

        Sides are whole multiples of four times ``rows`` and ``columns``.
        """

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

    def likeliest(self, likelihood: Array, step: float) -> Array:
        """The opacity of the greatest likelihood in each cell, between the steps by a parabola."""

    def add_difference(
        self, rgb: NDArray[Any], before: Planes, after: Planes, scale: float, most: float, out: NDArray[Any]
    ) -> None:
        """The difference of two versions of 4:4:4 planes (BT.709, full range) added to RGB, within [0, most]."""


Bound = tuple[float, float, float, float]
"""``lowest, share, bright, rise``: at most ``share`` of what a code value has above ``lowest`` is taken from it, and at
most ``rise`` of what it lacks of ``bright`` is added."""

PLAIN = "NumPy"
"""Name of the loops that need no compiler."""
_chosen: list[Loops] = []


def loops() -> Loops:
    """The loops in use."""
    if not _chosen:
        from eid_stream.core.kernels.compiled import open_compiled

        compiled = open_compiled()
        if compiled is None:
            do_without_compiled()
        else:
            _chosen.append(compiled)
    return _chosen[0]


def do_without_compiled() -> None:
    """Use NumPy's from now on."""
    from eid_stream.core.kernels.plain import PlainLoops

    _chosen[:] = [PlainLoops()]


def note() -> str:
    """One sentence where the loops in use are slow; empty otherwise."""
    if loops().name != PLAIN:
        return ""
    return "The compiled loops are missing: install a C compiler, then eid-stream again. Until then it is slow."
