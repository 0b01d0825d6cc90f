"""One connection to a live video through FFmpeg: a network stream, a device, a generator."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from threading import Event, Lock
from typing import TYPE_CHECKING

import av
from av.codec.context import Flags, ThreadType
from av.container import InputContainer

from eid_stream.core.errors import SourceOpenError, SourceReadError
from eid_stream.core.ffmpeg.picture_buffer import LayoutConverter, colour_of, nearest_layout, view
from eid_stream.core.ffmpeg.pyav_versions import READABLE_METADATA, ratio
from eid_stream.core.frame import Colour, Frame, StreamInfo
from eid_stream.sources.damage import Damage
from eid_stream.sources.live.frame_gaps import FrameGaps
from eid_stream.sources.live.same_host import SameHostOpener

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.codeccontext import VideoCodecContext
    from av.video.format import VideoFormat
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

OPEN_SECONDS = 10.0
"""How long a connection may take, the first key frame included."""
SILENCE_SECONDS = 2.0
"""How long FFmpeg may wait for data before the connection counts as dead."""
LARGEST_SIDE = 16384
_WAITED_NS = 5_000_000
"""A packet that was waited for so long had not been stored up."""
_LONGEST_BACKLOG_NS = 2_000_000_000


@dataclass(frozen=True)
class LiveInput:
    """What FFmpeg is to open, and what may be said about it."""

    label: str
    """The address without credentials."""
    target: str
    format: str | None = None
    options: dict[str, str] = field(default_factory=dict)
    skip_backlog: bool = False
    """Leave out what the sender or FFmpeg had stored up before we were ready, so that the first frame is of now."""
    open_file: SameHostOpener | None = None
    """Opens what a playlist refers to; None where nothing may be referred to."""


class LiveStream:
    """Frames as they come, decoded with the least delay; ends when the sender ends, fails when it falls silent."""

    def __init__(
        self, wanted: LiveInput, *, open_seconds: float = OPEN_SECONDS, silence_seconds: float = SILENCE_SECONDS
    ) -> None:
        """Connect.

        Raises:
            SourceOpenError: nobody answers, or there is no video in what comes.
        """
        self._label = wanted.label
        self._skip_backlog = wanted.skip_backlog
        self._closing = Event()
        self._reading = False
        self._disconnected = False
        self._lock = Lock()
        self.damage = Damage()
        """What was lost or arrived broken since the first frame."""
        self._parts = wanted.open_file
        self._container = _open(wanted, open_seconds, silence_seconds)
        try:
            self._info = _describe(_first_video(self._container, wanted.label), wanted)
        except BaseException:
            self._container.close()
            raise
        if self._parts is not None:
            self._parts.opened()
        self._converter = LayoutConverter(self._info.layout)
        self._layout = self._info.layout
        self._last_pts: int | None = None
        rate = self._info.nominal_rate
        self._gaps = None if rate is None else FrameGaps(max(1, round(1 / (self._info.time_base * rate))), self.damage)

    @property
    def info(self) -> StreamInfo:
        """Size, layout, colour and time base as announced."""
        return self._info

    def __iter__(self) -> Iterator[Frame]:
        """Yield frames; ``captured_ns`` is the moment FFmpeg had the packet, so decoding counts as our delay.

        Raises:
            SourceReadError: the connection broke or nothing came for ``silence_seconds``.
        """
        with self._lock:
            self._reading = not self._closing.is_set()
        index = 0
        stored = self._skip_backlog
        began_ns = ready_ns = time.monotonic_ns()
        try:
            for packet in self._packets():
                arrived_ns = time.monotonic_ns()
                stored = stored and arrived_ns - ready_ns < _WAITED_NS and arrived_ns - began_ns < _LONGEST_BACKLOG_NS
                for picture in self._decoded(packet, count=index > 0):
                    if not stored:
                        yield self._counted(self._frame(picture, index, arrived_ns), broken=picture.is_corrupt)
                        index += 1
                ready_ns = time.monotonic_ns()
        finally:
            self._disconnect()

    def close(self) -> None:
        """Disconnect; a reader in another thread ends by itself within ``silence_seconds`` and then disconnects."""
        with self._lock:
            self._closing.set()
            if self._parts is not None:
                self._parts.close()
            reading = self._reading
        if not reading:
            self._disconnect()

    def _disconnect(self) -> None:
        """Close the container once, in whichever thread comes first: two at a time crash FFmpeg."""
        with self._lock:
            first, self._disconnected = not self._disconnected, True
        if first:
            self._container.close()

    def _packets(self) -> Iterator["Packet[VideoStream]"]:
        if self._closing.is_set():
            return
        try:
            for packet in self._container.demux(self._container.streams.video[0]):
                if self._closing.is_set():
                    return
                yield packet
        except (av.FFmpegError, OSError) as error:
            if not self._closing.is_set():
                raise SourceReadError(f"{self._label} broke off: {_reason(error)}.") from error

    def _decoded(self, packet: "Packet[VideoStream]", *, count: bool) -> list["VideoFrame"]:
        """Pictures of a packet. What cannot be decoded before the first picture is no damage: we joined midway."""
        self.damage.corrupt_packets += count and packet.is_corrupt
        try:
            return packet.decode()
        except av.FFmpegError:
            self.damage.unreadable_packets += count
            return []

    def _counted(self, frame: Frame, *, broken: bool) -> Frame:
        self.damage.concealed_frames += broken
        if self._gaps is not None and self._last_pts is not None:
            self._gaps.step(frame.pts - self._last_pts)
        self._last_pts = frame.pts
        return frame

    def _frame(self, picture: "VideoFrame", index: int, arrived_ns: int) -> Frame:
        layout = nearest_layout(picture.format)
        if layout is not self._layout:
            self._layout, self._converter = layout, LayoutConverter(layout)
        colour = colour_of(picture)
        fitting = self._converter.convert(picture)
        time_base = self._info.time_base
        pts = picture.pts if picture.pts is not None else int(Fraction(arrived_ns, 10**9) / time_base)
        return Frame(
            planes=view(fitting),
            layout=layout,
            colour=colour,
            pts=pts,
            time_base=time_base,
            index=index,
            captured_ns=arrived_ns,
            duration=picture.duration or 0,
            interlaced=bool(picture.interlaced_frame),
            buffer=fitting,
        )


def _open(wanted: LiveInput, open_seconds: float, silence_seconds: float) -> InputContainer:
    try:
        container: InputContainer = av.open(
            wanted.target,
            mode="r",
            format=wanted.format,
            options=wanted.options,
            timeout=(open_seconds, silence_seconds),
            io_open=wanted.open_file,
            **READABLE_METADATA,
        )
    except av.error.ProtocolNotFoundError as error:
        raise SourceOpenError(
            f"Cannot open {wanted.label}: PyAV's FFmpeg does not speak its protocol. Where the ffmpeg program does: "
            "ffmpeg -i ADDRESS -c copy -f mpegts - | eid-stream --source -"
        ) from error
    except av.error.ExitError as error:
        raise SourceOpenError(
            f"Cannot open {wanted.label}: no video came within {open_seconds:g} s. Is the sender running?"
        ) from error
    except (av.FFmpegError, OSError, ValueError) as error:
        raise SourceOpenError(f"Cannot open {wanted.label}: {_reason(error)}. Is the sender running?") from error
    return container


def _first_video(container: InputContainer, label: str) -> "VideoStream":
    if not container.streams.video:
        raise SourceOpenError(f"{label} carries no video. Choose another address.")
    stream = container.streams.video[0]
    context = stream.codec_context
    if not (0 < context.width <= LARGEST_SIDE and 0 < context.height <= LARGEST_SIDE) or context.format is None:
        raise SourceOpenError(
            f"{label} announces a picture of {context.width}x{context.height} that cannot be decoded. "
            "Check the sender's settings, or wait until it sends a key frame."
        )
    stream.thread_type = ThreadType.SLICE
    context.flags |= Flags.low_delay
    return stream


def _describe(stream: "VideoStream", wanted: LiveInput) -> StreamInfo:
    context = stream.codec_context
    assert context.format is not None
    return StreamInfo(
        address=wanted.label,
        width=context.width,
        height=context.height,
        layout=nearest_layout(context.format),
        colour=_announced_colour(context, context.format),
        time_base=ratio(stream.time_base) or Fraction(1, 90_000),
        live=True,
        nominal_rate=ratio(stream.average_rate) or ratio(stream.guessed_rate),
        sample_aspect=ratio(stream.sample_aspect_ratio),
        codec=context.name,
    )


def _announced_colour(context: "VideoCodecContext", pixel_format: "VideoFormat") -> Colour:
    if pixel_format.is_rgb:
        return Colour(matrix=1, primaries=context.color_primaries, transfer=context.color_trc, full_range=True)
    full_range = pixel_format.name.startswith("yuvj") or {1: False, 2: True}.get(int(context.color_range))
    return Colour(int(context.colorspace), int(context.color_primaries), int(context.color_trc), full_range)


def _reason(error: Exception) -> str:
    """A library's reason without the address it repeats."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
