"""A phantom's pictures: the operation, framed as an endoscope shows it, with its number painted in a corner."""

from typing import cast

import cv2
import numpy as np

from eid_stream.core.frame import PIXEL_LAYOUTS, Plane, Planes
from eid_stream.sources.phantom.address import PhantomAddress
from eid_stream.sources.phantom.codes import CodeValues
from eid_stream.sources.phantom.frame_number import paint_frame_number
from eid_stream.sources.phantom.operation import Operation

DETAIL = 2048
"""Widest picture that is composed at its own size; wider ones are composed at half and enlarged, as optics are soft."""
DIAMETER = 1.06
"""Of round content, in picture heights: the top and the bottom of the circle are cut off."""


class PhantomPainter:
    """Makes any frame of a phantom, clear or smoky; the same address and number give the same planes."""

    def __init__(self, address: PhantomAddress) -> None:
        """Paint what does not change."""
        self._address = address
        self.code_values = CodeValues(layout=PIXEL_LAYOUTS[address.layout], full_range=address.range == "full")
        shrink = 2 if address.size[0] > DETAIL else 1
        self._width, self._height = (-(-side // shrink) for side in address.size)
        self._round = address.content == "circle"
        content_width = min(self._width, 2 * round(0.5 * DIAMETER * self._height)) if self._round else self._width
        self._left = (self._width - content_width) // 4 * 2
        self._operation = Operation(
            seed=address.seed,
            width=content_width,
            height=self._height,
            smoke=address.smoke,
            code_values=self.code_values,
        )
        shapes = self.code_values.layout.plane_shapes(content_width, self._height)
        self._outside = [_outside(*shape, content_width / self._height) for shape in shapes] if self._round else []

    def clear(self, number: int) -> Planes:
        """The scene without smoke."""
        return self._framed(self._operation.clear(self._seconds(number)), number)

    def smoky(self, number: int) -> Planes:
        """What the camera shows."""
        return self._framed(self._operation.smoky(self._seconds(number)), number)

    def _seconds(self, number: int) -> float:
        return float(number / self._address.rate)

    def _framed(self, content: list[Plane], number: int) -> Planes:
        """Put black around round content, bring the picture to its size, and paint the frame's number."""
        values = self.code_values
        planes = self._bordered(content) if self._round else content
        shapes = values.layout.plane_shapes(*self._address.size)
        if planes[0].shape != shapes[0]:
            planes = [cast(Plane, cv2.resize(p, (s[1], s[0]))) for p, s in zip(planes, shapes, strict=True)]
        paint_frame_number(planes[0], number, values.black[0], values.white)
        for plane, grey in zip(planes[1:], values.black[1:], strict=True):
            paint_frame_number(plane, 0, grey, grey)
        return planes[0], planes[1], planes[2]

    def _bordered(self, content: list[Plane]) -> list[Plane]:
        values = self.code_values
        shapes = values.layout.plane_shapes(self._width, self._height)
        planes = []
        for part, outside, black, shape in zip(content, self._outside, values.black, shapes, strict=True):
            cv2.copyTo(np.full_like(part, black), outside, part)
            plane = np.full(shape, black, part.dtype)
            left = self._left * shape[1] // self._width
            plane[:, left : left + part.shape[1]] = part
            planes.append(plane)
        return planes


def _outside(height: int, width: int, aspect: float) -> Plane:
    """255 where a plane of the content, ``aspect`` times as wide as high, lies outside the circle between its sides."""
    mask = np.full((height, width), 255, np.uint8)
    axes = round(0.5 * width), round(0.5 * aspect * height)
    cv2.ellipse(mask, (width // 2, height // 2), axes, 0.0, 0.0, 360.0, (0.0,), cv2.FILLED)
    return mask
