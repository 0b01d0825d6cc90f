"""Everything in a file that is not the enhanced video: copied into the output, packet by packet."""

from collections.abc import Iterator
from fractions import Fraction
from math import ceil

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Discard, Stream

from eid_stream.core.ffmpeg.packet_clock import clock_of, runs_through
from eid_stream.sinks.encoding.time_window import TimeWindow
from eid_stream.sinks.file.packet_writer import PacketWriter, is_refusal
from eid_stream.sinks.file.side.copying_plan import CopyingPlan, called
from eid_stream.sinks.file.side.cover_picture import attach_cover
from eid_stream.sinks.file.side.held_text import HeldText
from eid_stream.sinks.file.side.kept_metadata import kept_of_stream
from eid_stream.sinks.file.side.stream_copy import StreamCopy

_MAX_ERRORS_IN_A_ROW = 100
_MICROSECONDS = 1_000_000
_INTERLEAVING_SECONDS = 2
"""How far apart in a file packets of the same time may lie."""


class SideStreams:
    """Copies audio, subtitles, data, attachments and further video of one file, shifted in time and cut to a window.

    Packets of all streams are looked at, the picture's too, so that a clock that restarts is seen to do so.
    """

    def __init__(
        self,
        source: InputContainer,
        target: OutputContainer,
        writer: PacketWriter,
        plan: CopyingPlan,
        window: TimeWindow,
        *,
        can_go_back: bool,
    ) -> None:
        """Copy nothing yet; packets outside the window will be left out. A pipe cannot go back in its source."""
        self._source = source
        self._target = target
        self._writer = writer
        self._plan = plan
        self._window = window
        self._can_go_back = can_go_back
        self._copies: dict[int, StreamCopy] = {}
        self._text = HeldText()
        self._waiting: tuple[Fraction, Packet[Stream]] | None = None
        self._packets: Iterator[tuple[Fraction, Packet[Stream]]] | None = None
        self.notes = list(plan.notes)
        """What the container cannot carry, one sentence each."""
        self.unusable_packets = 0
        """Damaged packets that could not be brought into the form of the container."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to copy packet by packet."""
        return not any(copy.source.type != "attachment" for copy in self._copies.values())

    def add(self, stream: Stream) -> None:
        """Take one stream of the source along as planned."""
        if stream.index in self._plan.covers:
            if attach_cover(stream, self._source, self._target) is None:
                self.notes.append(f"{called(stream)} is left out: it is no JPEG, PNG or WebP picture.")
            return
        way = self._plan.ways.get(stream.index)
        if stream.discard == Discard.all or way is None:
            return
        copy = way.form(stream, self._target)
        copy.target.metadata.update(kept_of_stream(stream.metadata))
        copy.target.disposition = stream.disposition
        self._copies[stream.index] = copy
        if copy.note:
            self.notes.append(f"{called(stream)} {copy.note}.")

    def copy_until(self, seconds: Fraction) -> None:
        """Write every packet up to a time on the source's clock."""
        while (waiting := self._next()) is not None and waiting[0] <= seconds:
            self._write(waiting[1])
            self._waiting = None

    def copy_rest(self) -> None:
        """Write every packet up to the end of the window or the file."""
        while (waiting := self._next()) is not None:
            if self._window.is_over(waiting[0] - _INTERLEAVING_SECONDS):
                break
            self._write(waiting[1])
            self._waiting = None
        self.flush()

    def flush(self) -> None:
        """Write what is still held back."""
        for copy in self._copies.values():
            self._mux(copy, copy.flush())
        for packet in self._text.release():
            self._writer.write(packet)

    def _next(self) -> tuple[Fraction, "Packet[Stream]"] | None:
        if self._packets is None:
            self._packets = self._read()
        if self._waiting is None:
            self._waiting = next(self._packets, None)
        return self._waiting

    def _read(self) -> Iterator[tuple[Fraction, "Packet[Stream]"]]:
        if self.is_empty:
            return
        if self._window.begin is not None and self._can_go_back and runs_through(self._source):
            self._source.seek(int(self._window.begin * _MICROSECONDS))
        for packet in self._demux():
            if packet.size and (packet.dts is not None or packet.pts is not None):
                yield _time(packet), packet

    def _demux(self) -> "Iterator[Packet[Stream]]":
        clock = clock_of(self._source)
        if clock is None and self._can_go_back:
            for stream in self._source.streams:
                stream.discard = Discard.default if stream.index in self._copies else Discard.all
        errors_in_a_row = 0
        while errors_in_a_row < _MAX_ERRORS_IN_A_ROW:
            packets = self._source.demux()
            try:
                for packet in clock.straighten(packets) if clock else packets:
                    errors_in_a_row = 0
                    yield packet
            except IndexError:
                # PyAV ends so where a damaged broadcast stream seemed to gain streams on its way.
                return
            except av.FFmpegError:
                errors_in_a_row += 1
            else:
                return

    def _write(self, packet: "Packet[Stream]") -> None:
        copy = self._copies.get(packet.stream.index)
        if copy is None or not self._cut(packet, copy):
            return
        try:
            outgoing = copy.convert(packet)
        except (av.FFmpegError, ValueError, IndexError) as error:
            if not isinstance(error, av.FFmpegError) or is_refusal(error):
                self.unusable_packets += 1
                return
            raise
        self._mux(copy, outgoing)

    def _mux(self, copy: StreamCopy, packets: "list[Packet[Stream]]") -> None:
        for packet in copy.place(packets):
            if self._plan.text_comes_last and copy.source.type == "subtitle":
                self._text.add(packet)
            else:
                self._writer.write(packet)

    def _cut(self, packet: "Packet[Stream]", copy: StreamCopy) -> bool:
        """Shift the packet into the window; False when it lies outside."""
        packet.pts = packet.dts if packet.pts is None else packet.pts
        packet.dts = packet.pts if packet.dts is None else packet.dts
        assert packet.pts is not None
        assert packet.dts is not None
        start = packet.pts * packet.time_base
        if self._window.is_over(start) or (self._window.is_ahead(start) and not self._shorten(packet, copy)):
            return False
        packet.pts = self._window.ticks(packet.pts * packet.time_base, packet.time_base)
        packet.dts = self._window.ticks(packet.dts * packet.time_base, packet.time_base)
        self._keep_order(packet, copy)
        return True

    def _shorten(self, packet: "Packet[Stream]", copy: StreamCopy) -> bool:
        """Let a subtitle that began before the window begin with it."""
        assert self._window.begin is not None
        assert packet.pts is not None
        begin = ceil(self._window.begin / packet.time_base)
        late = begin - packet.pts
        if copy.source.type != "subtitle" or (packet.duration or 0) <= late:
            return False
        packet.pts = packet.dts = begin
        packet.duration = (packet.duration or 0) - late
        return True

    def _keep_order(self, packet: "Packet[Stream]", copy: StreamCopy) -> None:
        assert packet.pts is not None
        assert packet.dts is not None
        if copy.last_dts is not None and packet.dts <= copy.last_dts:
            packet.dts = copy.last_dts + 1
            packet.pts = max(packet.pts, packet.dts)
        copy.last_dts = packet.dts


def _time(packet: "Packet[Stream]") -> Fraction:
    ticks = packet.pts if packet.dts is None else packet.dts
    return (ticks or 0) * packet.time_base
