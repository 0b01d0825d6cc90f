"""A drawn picture behind a veil, and frames dehazed one by one without looking ahead or running beside a stream."""

from fractions import Fraction
from typing import cast

import numpy as np

from eid_stream.core.frame import PIXEL_LAYOUTS, Colour, Frame, Planes
from eid_stream.dehazing.frame_correction import corrected
from eid_stream.dehazing.map_estimator import MapEstimator


def hazy_frame(index: int = 0, rate: int = 25) -> Frame:
    """A picture with a red scene behind a grey veil."""
    rng = np.random.default_rng(index)
    height, width = 120, 160
    scene = rng.integers(60, 120, (height, width))
    planes = (
        (0.6 * scene + 0.4 * 220).astype(np.uint8),
        np.full((height // 2, width // 2), 124, np.uint8),
        np.full((height // 2, width // 2), 140, np.uint8),
    )
    return Frame(cast(Planes, planes), PIXEL_LAYOUTS["yuv420p"], Colour(), index, Fraction(1, rate), index, 0)


def same_planes(a: Frame, b: Frame) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a.planes, b.planes, strict=True))


def dehazed_alone(frame: Frame, estimator: MapEstimator) -> Frame:
    """The frame with the maps of its own moment; whatever an engine raises is raised."""
    return corrected(frame, estimator.estimate_frame(frame), 1.0)
