"""From linear algebra on RGB to the code values of a phantom's planes."""

import cv2
import numpy as np
from numpy.typing import NDArray

from eid_stream.core.frame import Colour, PixelLayout, Plane, Planes

Field = NDArray[np.float32]

RGB_TO_YCBCR = np.array(
    [[0.2126, 0.7152, 0.0722], [-0.114572, -0.385428, 0.5], [0.5, -0.454153, -0.045847]], np.float32
)
"""BT.709."""


class CodeValues:
    """Code values of one layout and colour."""

    def __init__(self, *, layout: PixelLayout, full_range: bool) -> None:
        """Choose a layout; the colour is BT.709."""
        self.layout = layout
        self.colour = Colour(matrix=1, primaries=1, transfer=1, full_range=full_range)
        self.full = (1 << layout.bit_depth) - 1
        """Largest sample."""
        self._levels = (
            self.colour.luma_levels(layout.bit_depth),
            *(self.colour.chroma_levels(layout.bit_depth),) * 2,
        )
        self.black = tuple(round(zero) for zero, _ in self._levels)
        self.white = round(sum(self._levels[0]))
        """Luma of white."""

    def of(self, picture: Field) -> Field:
        """Code values of Y', Cb and Cr, float32 (3, h, w), not rounded, of RGB (h, w, 3)."""
        values = np.moveaxis(picture @ RGB_TO_YCBCR.T, -1, 0).copy()
        for channel, (zero, span) in zip(values, self._levels, strict=True):
            channel *= span
            channel += zero
        return np.asarray(values, np.float32)

    def planes(self, values: Field, width: int, height: int) -> Planes:
        """Planes of a picture of a size from code values, float32 (3, h, w), of any size."""
        shapes = self.layout.plane_shapes(width, height)
        y, cb, cr = (self._plane(channel, shape) for channel, shape in zip(values, shapes, strict=True))
        return y, cb, cr

    def _plane(self, channel: Field, shape: tuple[int, ...]) -> Plane:
        height, width = shape
        how = cv2.INTER_AREA if width < channel.shape[1] else cv2.INTER_CUBIC
        sized = np.rint(cv2.resize(channel, (width, height), interpolation=how))
        limited = np.clip(sized, 0, self.full)
        return limited.astype(np.uint8) if self.layout.bit_depth == 8 else limited.astype(np.uint16)
