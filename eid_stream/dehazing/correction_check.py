"""The correction proves itself at every start: known pictures, known answers, worked out by NumPy.

What is compiled was compiled for another machine, perhaps, and lies on a disk, which can be damaged. A correction that
fails would let every frame out as it was captured, which is safe, but must never look like success.
"""

import logging
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from eid_stream.core.errors import EngineMismatchError, reason_of
from eid_stream.core.ffmpeg.picture_buffer import allocate
from eid_stream.core.frame import Colour, Frame, PixelLayout, Plane
from eid_stream.core.haze_maps import GAIN_LUMA, OFFSET_Y, HazeMaps
from eid_stream.core.kernels.choice import do_without_compiled, loops
from eid_stream.core.kernels.plain import PlainLoops
from eid_stream.core.thumbnail import make_thumbnail
from eid_stream.dehazing.frame_correction import corrected
from eid_stream.dehazing.plane_correction import BRIGHT, MOST_LIGHT_ADDED, MOST_LIGHT_TAKEN, apply_maps

logger = logging.getLogger(__name__)

_WIDTH, _HEIGHT = 64, 48
_GRID = (3, 4)
Array = NDArray[np.float64]


def check_correction(layout: PixelLayout) -> None:
    """Prove what corrects pictures of ``layout``; where its compiled loops fail, NumPy's take over, slow but right.

    Raises:
        EngineMismatchError: those fail, too.
    """
    fault = _fault(layout)
    if fault and loops().name != PlainLoops.name:
        logger.warning("The compiled loops are not used: %s.", fault)
        do_without_compiled()
        fault = _fault(layout)
    if fault:
        raise EngineMismatchError(f"The correction failed its self-test: {fault}. Install eid-stream and NumPy again.")


def _fault(layout: PixelLayout) -> str:
    """What is wrong with the answers, or with asking; empty when all is well."""
    try:
        frame, maps = _known_frame(layout), _known_maps()
        shown = corrected(frame, maps, 1.0)
        off = np.abs(shown.planes[0].astype(np.float64) - _expected_luma(frame, maps)).max()
        if not off <= 1.0:
            return f"a sample is off by {off:.0f} code values"
        untouched, _ = allocate(frame.width, frame.height, layout)
        apply_maps(frame.planes, untouched, HazeMaps.identity(), layout, frame.colour)
        if not all(np.array_equal(a, b) for a, b in zip(untouched, frame.planes, strict=True)):
            return "where there is no haze the picture is changed"
        return _thumbnail_fault(frame)
    except Exception as error:  # whatever a damaged file provokes
        return reason_of(error)


def _known_frame(layout: PixelLayout) -> Frame:
    """Ramps across and down, from black to white."""
    largest = (1 << layout.bit_depth) - 1

    def ramp(shape: tuple[int, ...]) -> Plane:
        rows, columns = np.mgrid[: shape[0], : shape[1]]
        share = (rows / shape[0] + columns / shape[1]) / 2
        return np.ascontiguousarray(np.rint(share * largest).astype(layout.dtype))

    y, cb, cr = (ramp(shape) for shape in layout.plane_shapes(_WIDTH, _HEIGHT))
    return Frame((y, cb, cr), layout, Colour(full_range=True), 0, Fraction(1), 0, 0)


def _known_maps() -> HazeMaps:
    values = HazeMaps.identity(*_GRID).values
    values[GAIN_LUMA] = 1.0 + np.arange(12).reshape(_GRID) / 8.0
    values[OFFSET_Y] = (1.0 - values[GAIN_LUMA]) * 0.6
    return HazeMaps(values, 0.5)


def _expected_luma(frame: Frame, maps: HazeMaps) -> Array:
    largest = float((1 << frame.layout.bit_depth) - 1)
    codes = frame.planes[0].astype(np.float64)
    gain, offset = _spread(maps.values[GAIN_LUMA]), _spread(maps.values[OFFSET_Y]) * largest
    least = codes * (1.0 - MOST_LIGHT_TAKEN)
    most = codes + MOST_LIGHT_ADDED * np.maximum(BRIGHT * largest - codes, 0.0)
    return np.asarray(np.clip(gain * codes + offset, least, most), np.float64)


def _spread(cells: NDArray[np.float32]) -> Array:
    """Bilinear with aligned corners, by NumPy's own interpolation."""
    x, y = (np.linspace(0, count - 1, size) for count, size in zip(cells.shape[::-1], (_WIDTH, _HEIGHT), strict=True))
    rows = np.stack([np.interp(x, np.arange(cells.shape[1]), row) for row in cells])
    return np.stack([np.interp(y, np.arange(cells.shape[0]), column) for column in rows.T], axis=1)


def _thumbnail_fault(frame: Frame) -> str:
    small = make_thumbnail(frame, _WIDTH // 4, _HEIGHT // 4).values[0]
    means = frame.planes[0].reshape(_HEIGHT // 4, 4, _WIDTH // 4, 4).mean(axis=(1, 3))
    off = np.abs(small * float((1 << frame.layout.bit_depth) - 1) - means).max()
    return "" if off <= 1.0 else f"a thumbnail is off by {off:.0f} code values"
