"""One continuous clock for all streams of a file whose own clock restarts, jumps or wraps.

Pictures and sound are read by two readers. Both give their packets, in the order of the file, to a clock of their own,
and as its rules look at nothing else, both come to the same times.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, cast

import av
from av.container import InputContainer
from av.format import Flags
from av.packet import Packet

_BACK_SECONDS = Fraction(3, 10)
"""Decoding times never go back; a stream that goes back by more than rounding begins anew."""
_BACK_WITHOUT_DTS_SECONDS = Fraction(1)
_FORWARD_SECONDS = 10
"""So long a jump forward of every stream is another recording; of one stream it is silence, which stays."""
_LOOK_AHEAD_PACKETS = 600
_LOOK_AHEAD_SECONDS = 3
_TIMED_KINDS = ("video", "audio")
_READ_THROUGH_BYTES = 256 << 20
_PLACES = 64


@dataclass(slots=True)
class _Stream:
    """Where one stream of sound or pictures stands."""

    last: Fraction
    """Time of its latest packet on the file's own clock."""
    end: Fraction
    """End of its latest packet on the file's own clock."""
    part: int = 0
    """How many restarts lie behind it."""


def clock_of(container: InputContainer) -> "PacketClock | None":
    """The clock for a container's packets; None where an index orders them, so that nothing can restart."""
    if "mov" in container.format.name.split(","):
        return None
    return PacketClock(closes_gaps=is_broadcast(container))


def is_broadcast(container: InputContainer) -> bool:
    """Whether the container is of a kind whose clock may begin, jump and restart anywhere."""
    return bool(container.format.flags & cast(int, Flags.ts_discont.value))


def runs_through(container: InputContainer) -> bool:
    """Whether the file's own clock leads to any place of it; where it may restart, places are found by reading.

    Of broadcast files up to ``_READ_THROUGH_BYTES`` this is not asked at all; the clock of larger ones must not go back
    from one of some places to the next. The container is anywhere if the answer is yes, else at its beginning.
    """
    if not is_broadcast(container):
        return True
    if container.size <= _READ_THROUGH_BYTES:
        return False
    known = [_time_behind(container, container.size * place // _PLACES) for place in range(_PLACES)]
    seconds = [each for each in known if each is not None]
    container.seek(0, unsupported_byte_offset=True)
    return seconds == sorted(seconds)


def _time_behind(container: InputContainer, byte: int) -> Fraction | None:
    """The file's clock behind a place in it; None where that is damaged."""
    try:
        container.seek(byte, unsupported_byte_offset=True)
        times = (_time(packet) for packet in container.demux() if packet.stream.type == "video")
        return next((time for time in times if time is not None), None)
    except (av.FFmpegError, IndexError):
        return None


class PacketClock:
    """Moves the time stamps of packets so that the file's clock runs on where it restarts or jumps.

    At a restart, each stream goes on right behind its own last packet if it begins the new part first, and keeps its
    distance to the others: no stream overlaps itself, and sound stays in step with the picture.
    """

    def __init__(self, *, closes_gaps: bool) -> None:
        """``closes_gaps``: a long jump forward of all streams at once is no gap, as in broadcast formats."""
        self._closes_gaps = closes_gaps
        self._streams: dict[int, _Stream] = {}
        self._offsets = [Fraction(0)]
        self._reached = Fraction(0)
        self._ahead: deque[Packet[Any]] = deque()
        """What was read already to see where a new part begins."""
        self.restarts = 0
        """How often the clock was found to restart or jump so far."""

    def straighten(self, packets: "Iterable[Packet[Any]]") -> "Iterator[Packet[Any]]":
        """Yield the same packets in the same order, with times on the one clock; may be called again after an error."""
        source, ahead = iter(packets), self._ahead
        while (packet := ahead.popleft() if ahead else next(source, None)) is not None:
            if self._begins_anew(packet):
                try:
                    self._enter_next_part(packet, ahead, source)
                except BaseException:  # whoever goes on after a damaged place still gets what was read before it
                    ahead.appendleft(packet)
                    raise
            yield self._moved(packet)

    def _begins_anew(self, packet: "Packet[Any]") -> bool:
        stream = self._streams.get(packet.stream.index)
        now = _time(packet)
        return stream is not None and now is not None and self._jumps(packet, now, stream)

    def _jumps(self, packet: "Packet[Any]", now: Fraction, stream: _Stream) -> bool:
        back = _BACK_WITHOUT_DTS_SECONDS if packet.dts is None else _BACK_SECONDS
        return now < stream.last - back or (self._closes_gaps and now > stream.end + _FORWARD_SECONDS)

    def _enter_next_part(
        self, packet: "Packet[Any]", ahead: "deque[Packet[Any]]", source: "Iterator[Packet[Any]]"
    ) -> None:
        stream = self._streams[packet.stream.index]
        now = _time(packet)
        assert now is not None
        if stream.part + 1 == len(self._offsets):
            starts, ends = self._look_ahead(packet, now, ahead, source)
            forward_alone = now > stream.end and len(starts) < len(self._streams)
            if forward_alone:
                stream.end = now
                return
            base = self._offsets[-1]
            self._offsets.append(max(base + ends[index] - start for index, start in starts.items()))
            self.restarts += 1
        stream.part += 1
        stream.last = stream.end = now

    def _look_ahead(
        self, first: "Packet[Any]", now: Fraction, ahead: "deque[Packet[Any]]", source: "Iterator[Packet[Any]]"
    ) -> tuple[dict[int, Fraction], dict[int, Fraction]]:
        """Where each stream begins in the new part, and where it ended in the old one, on the file's own clock."""
        starts = {first.stream.index: now}
        latest = {i: (s.last, s.end) for i, s in self._streams.items() if s.part + 1 == len(self._offsets)}
        for count, packet in enumerate(_peek(ahead, source)):
            index, time = packet.stream.index, _time(packet)
            if index not in latest or time is None:
                continue
            last, end = latest[index]
            if index not in starts and self._jumps(packet, time, _Stream(last, end)):
                starts[index] = time
            elif index not in starts:
                latest[index] = max(last, time), max(end, time + _duration(packet))
            elif time > starts[index] + _LOOK_AHEAD_SECONDS:
                break
            if len(starts) == len(latest) or count > _LOOK_AHEAD_PACKETS:
                break
        return starts, {index: end for index, (_, end) in latest.items()}

    def _moved(self, packet: "Packet[Any]") -> "Packet[Any]":
        now = _time(packet)
        if now is None:
            return packet
        offset = self._offset(packet, now)
        if offset:
            ticks = round(offset / packet.time_base)
            packet.pts = None if packet.pts is None else packet.pts + ticks
            packet.dts = None if packet.dts is None else packet.dts + ticks
        return packet

    def _offset(self, packet: "Packet[Any]", now: Fraction) -> Fraction:
        if packet.stream.type not in _TIMED_KINDS:
            return min(self._offsets, key=lambda offset: abs(now + offset - self._reached))
        index = packet.stream.index
        stream = self._streams.get(index)
        if stream is None:
            stream = self._streams[index] = _Stream(now, now, len(self._offsets) - 1)
        stream.last, stream.end = now, max(stream.end, now + _duration(packet))
        offset = self._offsets[stream.part]
        self._reached = now + offset
        return offset


def _peek(ahead: "deque[Packet[Any]]", source: "Iterator[Packet[Any]]") -> "Iterator[Packet[Any]]":
    """Yield what follows, and keep it for later."""
    yield from tuple(ahead)
    for packet in source:
        ahead.append(packet)
        yield packet


def _time(packet: "Packet[Any]") -> Fraction | None:
    ticks = packet.pts if packet.dts is None else packet.dts
    return None if ticks is None or not packet.time_base else ticks * Fraction(packet.time_base)


def _duration(packet: "Packet[Any]") -> Fraction:
    return (packet.duration or 0) * Fraction(packet.time_base)
