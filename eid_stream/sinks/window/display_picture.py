"""Planes as the BGR picture a screen shows, in the right matrix and range, at the size it is shown."""

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray

from eid_stream.core.ffmpeg.picture_buffer import copy
from eid_stream.core.frame import Frame

Picture = NDArray[np.uint8]
"""BGR, shape (height, width, 3)."""

_MATRICES = {
    1: Colorspace.ITU709,
    4: Colorspace.FCC,
    5: Colorspace.ITU601,
    6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M,
    9: Colorspace.BT2020,
    10: Colorspace.BT2020,
}
_HD_WIDTH, _HD_HEIGHT = 1280, 576
"""From here on an untagged picture is read as BT.709, below as BT.601: what players do."""


class DisplayConverter:
    """Makes display pictures; keeps FFmpeg's scaler between pictures of a kind. Not shared between threads."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def picture(self, frame: Frame, width: int | None = None, height: int | None = None) -> Picture:
        """The frame as a new BGR picture of ``width`` x ``height`` (default: its own size); rows may be strided.

        PQ and HLG code values are shown as they are, without tone mapping.
        """
        owner = frame.buffer if isinstance(frame.buffer, VideoFrame) else copy(frame.planes, frame.layout)
        source_range = ColorRange.JPEG if frame.colour.full_range else ColorRange.MPEG
        scaled = (width or frame.width, height or frame.height) != (frame.width, frame.height)
        shown = self._reformatter.reformat(
            owner,
            width=width or frame.width,
            height=height or frame.height,
            format="bgr24",
            src_colorspace=_matrix(frame),
            src_color_range=source_range,
            dst_color_range=ColorRange.JPEG,
            interpolation=Interpolation.BILINEAR if scaled else Interpolation.POINT,
        )
        plane = shown.planes[0]
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(shown.height, plane.line_size)
        return rows[:, : 3 * shown.width].reshape(shown.height, shown.width, 3)


def save_png(frame: Frame, path: str) -> bool:
    """Write a frame at its own size; False when the file cannot be written."""
    try:
        return bool(cv2.imwrite(path, np.ascontiguousarray(DisplayConverter().picture(frame))))
    except cv2.error:
        return False


def _matrix(frame: Frame) -> Colorspace:
    untagged = Colorspace.ITU709 if frame.width >= _HD_WIDTH or frame.height > _HD_HEIGHT else Colorspace.ITU601
    return _MATRICES.get(frame.colour.matrix, untagged)
