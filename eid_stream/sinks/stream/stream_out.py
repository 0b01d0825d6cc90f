"""Sending the picture to a network address or to standard output, encoded with the least delay."""

from dataclasses import replace
from fractions import Fraction
from typing import IO

import av
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame

from eid_stream.core.errors import SinkOpenError, SinkWriteError
from eid_stream.core.ffmpeg.picture_buffer import LayoutConverter, copy, view
from eid_stream.core.frame import PIXEL_LAYOUTS, Frame, StreamInfo
from eid_stream.sinks.encoding.codec_choice import FAMILIES, CodecChoice
from eid_stream.sinks.encoding.time_window import TimeWindow
from eid_stream.sinks.encoding.video_track import VideoTrack

FORMATS = {"rtsp": "rtsp", "rtmp": "flv", "rtmps": "flv", "srt": "mpegts", "udp": "mpegts", "tcp": "mpegts"}
"""Container of a stream by the scheme of its address."""
TIME_BASE = Fraction(1, 90_000)
_TIMEOUT_MICROSECONDS = "5000000"
_KEY_FRAME_SECONDS = 1


class StreamOut:
    """H.264 4:2:0 with a key frame every second and no look-ahead; time stamps start at zero."""

    def __init__(
        self,
        target: str | IO[bytes],
        label: str,
        container_format: str,
        info: StreamInfo,
        first: Frame,
        *,
        quality: float | None = None,
        preset: str | None = None,
        listen: bool = False,
    ) -> None:
        """Connect and prepare for frames like ``first``; ``label`` names the target without credentials.

        Raises:
            SinkOpenError: nobody takes the stream.
        """
        self._label = label
        self._closed = False
        self._converter = LayoutConverter(PIXEL_LAYOUTS["yuv420p"])
        rate = info.nominal_rate or Fraction(25)
        family = FAMILIES["h264"]
        encoder = {
            "preset": preset or "ultrafast",
            "tune": "zerolatency",
            "crf": f"{23 if quality is None else quality:g}",
            "g": str(max(1, round(rate * _KEY_FRAME_SECONDS))),
        }
        sent = replace(
            info,
            width=first.width,
            height=first.height,
            layout=PIXEL_LAYOUTS["yuv420p"],
            colour=first.colour,
            time_base=TIME_BASE,
            interlaced=False,
        )
        try:
            self._container = _open(target, container_format, listen=listen)
            try:
                window = TimeWindow(origin=first.seconds)
                self._track = VideoTrack(self._container, sent, CodecChoice(family, encoder), window)
                self._container.start_encoding()
            except BaseException:
                _abandon(self._container)
                raise
        except av.error.ProtocolNotFoundError as error:
            raise SinkOpenError(
                f"Cannot send to {label}: PyAV's FFmpeg does not speak this protocol. If the ffmpeg program does: "
                "eid-stream --out - ... | ffmpeg -i - -c copy -f mpegts ADDRESS"
            ) from error
        except (av.FFmpegError, OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise SinkOpenError(f"Cannot send to {label}: {reason}. Is the receiver running?") from error

    def write(self, frame: Frame) -> None:
        """Encode and send one frame.

        Raises:
            SinkWriteError: the receiver is gone.
        """
        try:
            self._send(self._track.encode(self._converted(frame)))
        except (av.FFmpegError, OSError, ValueError) as error:
            raise self._lost(error) from error

    def close(self) -> None:
        """Send what the encoder holds and hang up; may be called twice.

        Raises:
            SinkWriteError: the end of the stream did not arrive.
        """
        if self._closed:
            return
        self._closed = True
        try:
            self._send(self._track.flush())
            self._container.close()
        except (av.FFmpegError, OSError, ValueError) as error:
            raise self._lost(error) from error

    def _converted(self, frame: Frame) -> Frame:
        if frame.layout.name == "yuv420p":
            return frame
        owner = frame.buffer if isinstance(frame.buffer, VideoFrame) else copy(frame.planes, frame.layout)
        fitting = self._converter.convert(owner)
        return replace(frame, planes=view(fitting), layout=PIXEL_LAYOUTS["yuv420p"], buffer=fitting)

    def _send(self, packets: "list[Packet[Stream]]") -> None:
        for packet in packets:
            self._container.mux(packet)

    def _lost(self, error: Exception) -> SinkWriteError:
        reason = getattr(error, "strerror", None) or type(error).__name__
        return SinkWriteError(f"The stream to {self._label} broke off: {reason}.")


def _open(target: str | IO[bytes], container_format: str, *, listen: bool) -> OutputContainer:
    options = {"flush_packets": "1"}
    if container_format == "rtsp":
        options |= {"rtsp_transport": "tcp", "timeout": _TIMEOUT_MICROSECONDS}
    elif isinstance(target, str):
        options |= {"rw_timeout": _TIMEOUT_MICROSECONDS}
        if listen:
            options["listen"] = "1"
    if container_format == "matroska":
        options |= {"live": "1", "cluster_time_limit": "100"}
    return av.open(target, "w", format=container_format, options=options)


def _abandon(container: OutputContainer) -> None:
    try:
        container.close()
    except (av.FFmpegError, OSError):
        return
