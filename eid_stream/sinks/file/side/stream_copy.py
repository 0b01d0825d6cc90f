"""One stream on its way from the source file into the output, in the form that the output holds it in."""

from collections.abc import Callable
from dataclasses import dataclass

from av.bitstream import BitStreamFilterContext
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream

from eid_stream.sinks.encoding.container_choice import ContainerChoice
from eid_stream.sinks.file.side.amr_frames import is_amr, split_frames
from eid_stream.sinks.file.side.lossless_sound import LosslessSound, is_long, is_uncompressed
from eid_stream.sinks.file.side.subtitle_conversion import SubtitleConverter, is_gap, is_text


@dataclass(slots=True)
class StreamCopy:
    """Where packets of one stream come from, where they go, and how they are changed on the way."""

    source: Stream
    target: Stream
    convert: "Callable[[Packet[Stream]], list[Packet[Stream]]]"
    """Brings a packet into the form of the output."""
    flush: "Callable[[], list[Packet[Stream]]]" = list
    """What is still held back at the end."""
    last_dts: int | None = None
    note: str = ""
    """What is not as it was, in a few words; empty where nothing is."""

    def place(self, packets: "list[Packet[Stream]]") -> "list[Packet[Stream]]":
        """Direct packets to the output's stream."""
        for packet in packets:
            packet.stream = self.target
        return packets


Form = Callable[[Stream, OutputContainer], StreamCopy]
"""Adds a stream to a container in a certain form. Raises ValueError or FFmpegError where that is impossible."""


def forms_of(stream: Stream, choice: ContainerChoice) -> list[Form]:
    """The forms in which a stream may go into a container, the most faithful first."""
    if is_amr(stream) and choice.format != "matroska":
        return [_one_frame_a_packet]
    if _has_adts(stream) and choice.format != "matroska":
        return [_without_adts]
    if is_long(stream) and choice.plays_apple_lossless_only:
        return [_apple_lossless]
    forms: list[Form] = [_as_it_is]
    if is_text(stream):
        forms.append(lambda source, target: _text(source, target, choice.text_subtitles))
    if is_uncompressed(stream):
        forms.append(_apple_lossless if choice.plays_apple_lossless_only else _pcm)
    return forms


def is_as_it_is(form: Form) -> bool:
    """Whether a form changes nothing."""
    return form is _as_it_is


def _as_it_is(source: Stream, target: OutputContainer) -> StreamCopy:
    added = target.add_stream_from_template(source, opaque=True)
    return StreamCopy(source, added, lambda packet: [] if is_gap(packet) else [packet])


def _without_adts(source: Stream, target: OutputContainer) -> StreamCopy:
    """Strip AAC of the headers it has in broadcast streams; FFmpeg does not when it writes fragments."""
    stripping = BitStreamFilterContext("aac_adtstoasc", source)
    return StreamCopy(source, target.add_stream_from_template(source, opaque=True), stripping.filter)


def _one_frame_a_packet(source: Stream, target: OutputContainer) -> StreamCopy:
    codec = source.codec_context.name
    return StreamCopy(
        source, target.add_stream_from_template(source, opaque=True), lambda packet: split_frames(packet, codec)
    )


def _pcm(source: Stream, target: OutputContainer) -> StreamCopy:
    return _lossless(source, LosslessSound(source, target, apple_lossless=False))


def _apple_lossless(source: Stream, target: OutputContainer) -> StreamCopy:
    return _lossless(source, LosslessSound(source, target, apple_lossless=True))


def _lossless(source: Stream, sound: LosslessSound) -> StreamCopy:
    note = f"is stored as {sound.codec}, without loss"
    return StreamCopy(source, sound.stream, sound.convert, sound.flush, note=note)


def _text(source: Stream, target: OutputContainer, codec: str) -> StreamCopy:
    converter = SubtitleConverter(source, target, codec=codec)

    def convert(packet: "Packet[Stream]") -> "list[Packet[Stream]]":
        converted = converter.convert(packet)
        return [] if converted is None else [converted]

    return StreamCopy(source, converter.stream, convert)


def _has_adts(stream: Stream) -> bool:
    context = stream.codec_context
    return context is not None and context.name == "aac" and not context.extradata
