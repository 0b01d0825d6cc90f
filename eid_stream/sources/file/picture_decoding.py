"""Decoding a file's pictures from here to its end, over damaged places."""

import time
from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from typing import cast

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from eid_stream.core.errors import SourceReadError
from eid_stream.core.ffmpeg.packet_clock import clock_of
from eid_stream.sources.damage import Damage
from eid_stream.sources.file.opening.open_file import reason
from eid_stream.sources.file.opening.recognition import encrypted

_CAPTIONS = (b"\xb5\x001GA94", b"\x00\x00\x01\xb2GA94")
"""How closed captions of ATSC A/53 begin within H.264 and HEVC, and within MPEG-2. To ask each picture for its side
data would keep every picture: PyAV's container of side data and its frame hold each other."""
_MAX_ERRORS_IN_A_ROW = 100
_WITHOUT_PRESENTATION_TIMES = ("avi",)
_END_WITH_AN_ERROR = ("mpjpeg",)
"""FFmpeg calls the end of these damaged: they end when their sender stops."""


class PictureDecoder:
    """Yields every picture that can be decoded, in display order, and keeps count of what could not."""

    def __init__(self, container: InputContainer, stream: VideoStream, damage: Damage, *, address: str) -> None:
        """Read from where the container stands."""
        self._container = container
        self._index = stream.index
        self._damage = damage
        self._address = address
        self.reached_seconds = Fraction(0)
        """Latest end of a packet of any stream seen so far."""
        self._decode_order_only = container.format.name in _WITHOUT_PRESENTATION_TIMES
        self._decode_times: deque[int | None] = deque()
        self._clock = clock_of(container)
        self._begin: Fraction | None = None
        self.arrived_ns = 0
        """When the packet came that led to the latest picture, on the monotonic clock."""

    def leave_out_before(self, seconds: Fraction) -> None:
        """Decode nothing that only leads to pictures before a time; it is read all the same, for the clock."""
        self._begin = seconds

    def __iter__(self) -> Iterator[VideoFrame]:
        """Yield pictures until the end of the file.

        Raises:
            SourceReadError: nothing readable follows although the file has not ended.
        """
        self._clock = clock_of(self._container)
        packets = self._packets()
        for packet in packets if self._begin is None else _shortly_before(self._begin, packets):
            yield from self._decode(packet)

    def _packets(self) -> Iterator["Packet[VideoStream]"]:
        packets = self._demux()
        errors_in_a_row = 0
        while True:
            try:
                packet = next(packets)
            except (StopIteration, IndexError):
                # PyAV ends with an IndexError where a damaged broadcast stream seemed to gain streams on its way.
                return
            except av.FFmpegError as error:
                if self._container.format.name in _END_WITH_AN_ERROR:
                    return
                packets = self._demux()
                errors_in_a_row += 1
                self._damage.unreadable_packets += 1
                if errors_in_a_row > _MAX_ERRORS_IN_A_ROW:
                    raise SourceReadError(self._stuck(error)) from error
            else:
                errors_in_a_row = 0
                self.arrived_ns = time.monotonic_ns()
                yield packet

    def _demux(self) -> Iterator["Packet[VideoStream]"]:
        packets = cast("Iterator[Packet[VideoStream]]", self._container.demux())
        for packet in self._clock.straighten(packets) if self._clock else packets:
            if packet.pts is not None:
                end = (packet.pts + (packet.duration or 0)) * packet.time_base
                self.reached_seconds = max(self.reached_seconds, end)
            if packet.stream.index == self._index:
                yield packet

    def _decode(self, packet: "Packet[VideoStream]") -> list[VideoFrame]:
        if packet.has_sidedata("encryption_info"):
            raise SourceReadError(encrypted(self._address))
        if packet.size:
            self._decode_times.append(packet.dts)
            self._damage.captions = self._damage.captions or _carries_captions(packet)
        try:
            pictures = packet.decode()
        except av.FFmpegError:
            self._damage.unreadable_packets += 1
            if packet.size:
                self._decode_times.pop()
            return []
        return [self._timed(picture) for picture in pictures]

    def _timed(self, picture: VideoFrame) -> VideoFrame:
        """Hand out decoding times in the order of display, where a container knows no others."""
        decode_time = self._decode_times.popleft() if self._decode_times else None
        if self._decode_order_only:
            picture.pts = decode_time
        return picture

    @property
    def clock_restarts(self) -> int:
        """How often the file's clock began anew so far."""
        return self._clock.restarts if self._clock else 0

    def _stuck(self, error: Exception) -> str:
        return (
            f"Cannot read {self._address} any further after {float(self.reached_seconds):.1f} s: {reason(error)}. "
            "Check the disk or the connection it lies on."
        )


def _shortly_before(seconds: Fraction, packets: "Iterator[Packet[VideoStream]]") -> "Iterator[Packet[VideoStream]]":
    """Leave out what lies before the last but one key frame ahead of a time: the last may lean on the one before it."""
    before: list[Packet[VideoStream]] = []
    since: list[Packet[VideoStream]] = []
    for packet in packets:
        if packet.is_keyframe:
            before, since = since, []
        since.append(packet)
        if not packet.size or (packet.pts is not None and packet.pts * packet.time_base >= seconds):
            break
    yield from before
    yield from since
    yield from packets


def _carries_captions(packet: "Packet[VideoStream]") -> bool:
    coded = bytes(packet)
    return any(begin in coded for begin in _CAPTIONS)
