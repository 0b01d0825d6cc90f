"""A virtual camera that other programs open like a webcam; needs the extra ``virtual-camera``."""

from typing import Any

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from eid_stream.core.errors import SinkOpenError, SinkWriteError
from eid_stream.core.ffmpeg.picture_buffer import LayoutConverter, copy, view
from eid_stream.core.frame import PIXEL_LAYOUTS, Frame, Planes


class VirtualCamera:
    """Sends frames as I420 to a v4l2loopback device (Linux), OBS or Unity Capture (Windows, macOS)."""

    def __init__(self, device: str | None, first: Frame, *, rate: float) -> None:
        """Open ``device`` (None: the first one found) for pictures of the size of ``first``.

        Raises:
            SinkOpenError: pyvirtualcam is not installed, or there is no such device.
        """
        try:
            import pyvirtualcam
        except ImportError as error:
            raise SinkOpenError(
                "A virtual camera needs pyvirtualcam: pip install 'eid-stream[virtual-camera]'."
            ) from error
        try:
            self._camera: Any = pyvirtualcam.Camera(
                first.width, first.height, rate, device=device, fmt=pyvirtualcam.PixelFormat.I420
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise SinkOpenError(
                f"Cannot open the virtual camera {device or '(any)'}: {' '.join(str(error).split())} On Linux load the "
                "kernel module: sudo modprobe v4l2loopback exclusive_caps=1."
            ) from error
        self._converter = LayoutConverter(PIXEL_LAYOUTS["yuv420p"])

    def write(self, frame: Frame) -> None:
        """Show one frame.

        Raises:
            SinkWriteError: the device is gone.
        """
        try:
            self._camera.send(packed_i420(self._planes(frame)))
        except (RuntimeError, ValueError, OSError) as error:
            raise SinkWriteError(f"The virtual camera takes no more pictures: {error}.") from error

    def close(self) -> None:
        """Let go of the device; may be called twice."""
        self._camera.close()

    def _planes(self, frame: Frame) -> Planes:
        if frame.layout.name == "yuv420p":
            return frame.planes
        owner = frame.buffer if isinstance(frame.buffer, VideoFrame) else copy(frame.planes, frame.layout)
        return view(self._converter.convert(owner))


def packed_i420(planes: Planes) -> NDArray[np.uint8]:
    """Y, Cb and Cr behind each other without gaps, as one line of bytes."""
    return np.concatenate([np.ascontiguousarray(plane).reshape(-1) for plane in planes]).astype(np.uint8, copy=False)
