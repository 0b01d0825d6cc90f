"""Text subtitles from one container's codec to another's."""

from fractions import Fraction
from typing import cast

import av
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.subtitles.codeccontext import SubtitleCodecContext
from av.subtitles.stream import SubtitleStream

_TEXT_CODECS = {"ass", "mov_text", "ssa", "srt", "subrip", "text", "webvtt"}
_EMPTY_MOV_TEXT_BYTES = 2
_MILLISECOND = Fraction(1, 1000)


def is_gap(packet: "Packet[Stream]") -> bool:
    """Say whether a packet only fills the time between two subtitles of an MP4 file, whose writer makes its own."""
    context = packet.stream.codec_context
    return packet.size == _EMPTY_MOV_TEXT_BYTES and context is not None and context.name == "mov_text"


def is_text(stream: Stream) -> bool:
    """Whether a stream holds subtitles as text."""
    context = stream.codec_context
    return isinstance(stream, SubtitleStream) and context is not None and context.name in _TEXT_CODECS


class SubtitleConverter:
    """Decodes text subtitles of one stream and encodes them for another; times and words are kept, fonts may not be."""

    def __init__(self, source: Stream, target: OutputContainer, *, codec: str) -> None:
        """Add the new stream to ``target``."""
        self._decoder = cast(SubtitleCodecContext, source.codec_context)
        self._decoder.open(strict=False)
        self.stream: Stream = target.add_stream(codec)
        """The stream in the output."""
        self._encoder = cast(SubtitleCodecContext, self.stream.codec_context)
        self._encoder.subtitle_header = self._decoder.subtitle_header
        self._encoder.time_base = _MILLISECOND
        self.stream.time_base = _MILLISECOND

    def convert(self, packet: "Packet[Stream]") -> "Packet[Stream] | None":
        """Convert one packet; None where it holds no text."""
        try:
            subtitles = self._decoder.decode2(packet)
            if subtitles is None:
                return None
            converted = self._encoder.encode_subtitle(subtitles)
        except av.FFmpegError:
            return None
        converted.time_base = packet.time_base
        converted.pts, converted.dts, converted.duration = packet.pts, packet.dts, packet.duration
        return converted
