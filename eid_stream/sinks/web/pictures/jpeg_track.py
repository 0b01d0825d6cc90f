"""Pictures as JPEG, for browsers that cannot decode H.264 in a page."""

import cv2
import numpy as np

from eid_stream.core.frame import Frame
from eid_stream.sinks.window.display_picture import DisplayConverter

QUALITY = 80


class JpegTrack:
    """Encodes frames of any size, each on its own."""

    def __init__(self) -> None:
        """Keep FFmpeg's scaler between pictures."""
        self._converter = DisplayConverter()

    def encode(self, frame: Frame, size: tuple[int, int]) -> bytes:
        """The frame as a JPEG file of this width and height in sRGB."""
        picture = np.ascontiguousarray(self._converter.picture(frame, *size))
        return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
