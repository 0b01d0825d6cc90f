"""A camera through OpenCV, for systems without V4L2 (Windows, macOS)."""

import time
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from eid_stream.core.errors import SourceOpenError, SourceReadError
from eid_stream.core.ffmpeg.picture_buffer import allocate
from eid_stream.core.frame import PIXEL_LAYOUTS, Colour, Frame, StreamInfo

if TYPE_CHECKING:
    import cv2

_REC601 = 5
_NANOSECONDS = Fraction(1, 10**9)


class OpenCvCamera:
    """Pictures of camera ``number`` as 4:2:0 BT.601, OpenCV's own conversion; buffered as little as it can."""

    def __init__(
        self, number: int | str, *, width: int | None = None, height: int | None = None, rate: Fraction | None = None
    ) -> None:
        """Open the camera; ``number`` may also be an address OpenCV understands.

        Raises:
            SourceOpenError: there is no such camera, or it gives no picture.
        """
        import cv2

        self._label = f"camera:{number}"
        self._closed = False
        self._capture = cv2.VideoCapture(number)
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        for setting, value in (
            (cv2.CAP_PROP_FRAME_WIDTH, width),
            (cv2.CAP_PROP_FRAME_HEIGHT, height),
            (cv2.CAP_PROP_FPS, rate),
        ):
            if value is not None:
                self._capture.set(setting, float(value))
        found, picture = self._capture.read()
        if not found:
            self._capture.release()
            raise SourceOpenError(
                f"Cannot open {self._label}: OpenCV gets no picture from it. Is it plugged in and used by nobody else?"
            )
        self._height, self._width = picture.shape[0] & ~1, picture.shape[1] & ~1
        self._rate = Fraction(self._capture.get(cv2.CAP_PROP_FPS) or 0).limit_denominator(1001) or None

    @property
    def info(self) -> StreamInfo:
        """Size as delivered (rounded down to even), time base of one nanosecond."""
        return StreamInfo(
            address=self._label,
            width=self._width,
            height=self._height,
            layout=PIXEL_LAYOUTS["yuv420p"],
            colour=Colour(matrix=_REC601, full_range=False),
            time_base=_NANOSECONDS,
            live=True,
            nominal_rate=self._rate,
            codec="rawvideo",
        )

    def __iter__(self) -> Iterator[Frame]:
        """Yield frames, timed by their arrival.

        Raises:
            SourceReadError: the camera stopped delivering.
        """
        index = 0
        try:
            while not self._closed:
                found, picture = self._capture.read()
                if not found:
                    raise SourceReadError(f"{self._label} delivers no more pictures.")
                yield self._frame(picture, index, time.monotonic_ns())
                index += 1
        finally:
            self._capture.release()

    def close(self) -> None:
        """Stop after the picture that is awaited; the camera is released by whoever reads."""
        self._closed = True

    def _frame(self, picture: "cv2.typing.MatLike", index: int, arrived_ns: int) -> Frame:
        import cv2

        height, width = picture.shape[0] & ~1, picture.shape[1] & ~1
        layout = PIXEL_LAYOUTS["yuv420p"]
        packed = cv2.cvtColor(picture[:height, :width], cv2.COLOR_BGR2YUV_I420).reshape(-1)
        planes, buffer = allocate(width, height, layout)
        start = 0
        for plane in planes:
            plane[...] = packed[start : start + plane.size].reshape(plane.shape)
            start += plane.size
        return Frame(
            planes=planes,
            layout=layout,
            colour=self.info.colour,
            pts=arrived_ns,
            time_base=_NANOSECONDS,
            index=index,
            captured_ns=arrived_ns,
            buffer=buffer,
        )
