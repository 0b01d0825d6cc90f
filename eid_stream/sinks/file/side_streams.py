"""Everything in a file that is not the enhanced video: copied into the output, packet by packet."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import av
from av.bitstream import BitStreamFilterContext
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Discard, Disposition, Stream

from eid_stream.sinks.encoding.container_choice import ContainerChoice
from eid_stream.sinks.encoding.time_window import TimeWindow
from eid_stream.sinks.file.cover_picture import attach_cover
from eid_stream.sinks.file.kept_metadata import kept_of_stream
from eid_stream.sinks.file.subtitle_conversion import SubtitleConverter, is_gap

_MAX_ERRORS_IN_A_ROW = 100
_MICROSECONDS = 1_000_000
_REFUSALS = (av.InvalidDataError, av.ArgumentError, av.PatchWelcomeError)
"""What FFmpeg raises when it cannot make sense of a packet, as opposed to a disk that takes no more."""
_INTERLEAVING_SECONDS = 2
"""How far apart in a file packets of the same time may lie."""


@dataclass(slots=True)
class _Copy:
    source: Stream
    target: Stream
    converter: SubtitleConverter | None = None
    adts: BitStreamFilterContext | None = None
    last_dts: int | None = None

    def prepare(self, packet: "Packet[Stream]") -> "list[Packet[Stream]]":
        """Bring a packet into the form that the output holds it in."""
        if self.converter is not None:
            converted = self.converter.convert(packet)
            return [] if converted is None else [converted]
        if self.adts is not None:
            return self.adts.filter(packet)
        return [] if is_gap(packet) else [packet]


class SideStreams:
    """Copies audio, subtitles, data, attachments and further video of one file, shifted in time and cut to a window."""

    def __init__(
        self,
        source: InputContainer,
        target: OutputContainer,
        choice: ContainerChoice,
        window: TimeWindow,
    ) -> None:
        """Copy nothing yet; packets outside the window will be left out."""
        self._source = source
        self._target = target
        self._choice = choice
        self._window = window
        self._copies: dict[int, _Copy] = {}
        self._waiting: tuple[Fraction, Packet[Stream]] | None = None
        self._packets: Iterator[tuple[Fraction, Packet[Stream]]] | None = None
        self.notes: list[str] = []
        """What the container cannot carry, one sentence each."""
        self.unusable_packets = 0
        """Damaged packets that the container refused."""

    def add(self, stream: Stream) -> None:
        """Take one stream of the source along, as it is or converted; where neither is possible, note it."""
        if stream.discard == Discard.all:
            return
        converter = None
        if stream.disposition & Disposition.attached_pic:
            if not self._choice.holds_covers or attach_cover(stream, self._source, self._target) is None:
                self._leave_out(stream)
            return
        if _fits(stream, self._choice):
            target: Stream = self._target.add_stream_from_template(stream, opaque=True)
        elif (converter := self._converter(stream)) is not None:
            target = converter.stream
        else:
            self._leave_out(stream)
            return
        target.metadata.update(kept_of_stream(stream.metadata))
        target.disposition = stream.disposition
        self._copies[stream.index] = _Copy(stream, target, converter, _adts_filter(stream, self._choice))
        if stream.type == "video" and not stream.disposition:
            self.notes.append(f"{_called(stream)} is copied as it is, not enhanced.")

    def _leave_out(self, stream: Stream) -> None:
        self.notes.append(f"{_called(stream)} is left out: {self._choice.name} cannot carry it.")

    def skip(self, stream: Stream) -> None:
        """Spare reading the packets of a stream that is not copied."""
        stream.discard = Discard.all

    def copy_until(self, seconds: Fraction) -> None:
        """Write every packet up to a time on the source's clock."""
        while (waiting := self._next()) is not None and waiting[0] <= seconds:
            self._write(waiting[1])
            self._waiting = None

    def copy_rest(self) -> None:
        """Write every packet up to the end of the window or the file."""
        while (waiting := self._next()) is not None:
            if self._window.is_over(waiting[0] - _INTERLEAVING_SECONDS):
                return
            self._write(waiting[1])
            self._waiting = None

    def _next(self) -> tuple[Fraction, "Packet[Stream]"] | None:
        if self._packets is None:
            self._packets = self._read()
        if self._waiting is None:
            self._waiting = next(self._packets, None)
        return self._waiting

    def _read(self) -> Iterator[tuple[Fraction, "Packet[Stream]"]]:
        streams = tuple(copy.source for copy in self._copies.values() if copy.source.type != "attachment")
        if not streams:
            return
        if self._window.begin is not None:
            self._source.seek(int(self._window.begin * _MICROSECONDS))
        packets, errors_in_a_row = self._source.demux(streams), 0
        while errors_in_a_row < _MAX_ERRORS_IN_A_ROW:
            try:
                packet = next(packets, None)
            except IndexError:
                # PyAV ends so where a damaged broadcast stream seemed to gain streams on its way.
                return
            except av.FFmpegError:
                packets, errors_in_a_row = self._source.demux(streams), errors_in_a_row + 1
                continue
            if packet is None:
                return
            errors_in_a_row = 0
            if packet.size and (packet.dts is not None or packet.pts is not None):
                yield _time(packet), packet

    def _write(self, packet: "Packet[Stream]") -> None:
        copy = self._copies[packet.stream.index]
        if not self._cut(packet, copy):
            return
        try:
            for outgoing in copy.prepare(packet):
                outgoing.stream = copy.target
                self._target.mux(outgoing)
        except _REFUSALS:
            self.unusable_packets += 1

    def _cut(self, packet: "Packet[Stream]", copy: _Copy) -> bool:
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

    def _shorten(self, packet: "Packet[Stream]", copy: _Copy) -> bool:
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

    def _keep_order(self, packet: "Packet[Stream]", copy: _Copy) -> None:
        assert packet.pts is not None
        assert packet.dts is not None
        if copy.last_dts is not None and packet.dts <= copy.last_dts:
            packet.dts = copy.last_dts + 1
            packet.pts = max(packet.pts, packet.dts)
        copy.last_dts = packet.dts

    def _converter(self, stream: Stream) -> SubtitleConverter | None:
        return SubtitleConverter.between(stream, self._target, codec=self._choice.text_subtitles)


def _fits(stream: Stream, choice: ContainerChoice) -> bool:
    """Ask the container itself, by starting one that holds nothing else."""
    scratch = av.open(io.BytesIO(), "w", format=choice.format)
    try:
        scratch.add_stream_from_template(stream, opaque=True)
        scratch.start_encoding()
        scratch.close()
    except (av.FFmpegError, ValueError):
        return False
    return True


def _adts_filter(stream: Stream, choice: ContainerChoice) -> BitStreamFilterContext | None:
    """Strip AAC of the headers it has in broadcast streams; FFmpeg does not when it writes fragments."""
    context = stream.codec_context
    if context is None or context.name != "aac" or context.extradata or choice.format == "matroska":
        return None
    return BitStreamFilterContext("aac_adtstoasc", stream)


def _time(packet: "Packet[Stream]") -> Fraction:
    ticks = packet.pts if packet.dts is None else packet.dts
    return (ticks or 0) * packet.time_base


def _called(stream: Stream) -> str:
    codec = stream.codec_context.name if stream.codec_context else getattr(stream, "name", None) or "unknown"
    language = f", {stream.language}" if stream.language and stream.language != "und" else ""
    return f"Stream {stream.index} ({stream.type}, {codec}{language})"
