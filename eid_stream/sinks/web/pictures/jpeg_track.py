"""Pictures as JPEG, for browsers that cannot decode H.264 in a page."""

import cv2
import numpy as np

from eid_stream.core.frame import Frame
from eid_stream.sinks.web.pictures.picture_size import size_for_page
from eid_stream.sinks.window.display_picture import DisplayConverter

QUALITY = 80


class JpegTrack:
    """Encodes frames of any size, each on its own."""

    def __init__(self) -> None:
        """Keep FFmpeg's scaler between pictures."""
        self._converter = DisplayConverter()

    def encode(self, frame: Frame) -> bytes:
        """The frame as a JPEG file in sRGB."""
        picture = np.ascontiguousarray(self._converter.picture(frame, *size_for_page(frame.width, frame.height)))
        return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
