"""Uncompressed sound in another form, where a container does not hold the one it has: not a sample is changed."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any, cast

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream

_UNPACKED = ("pcm_", "adpcm_", "g722", "g726", "s302m")
"""Codecs (their names begin so) whose samples are exactly what their decoder says."""
_SHORT_BITS = 16
_ALAC_SAMPLES = 4096
_TOLERANCE_SECONDS = Fraction(1, 10)


def is_uncompressed(stream: Stream) -> bool:
    """Whether a stream is sound whose samples can be stored in another form without loss."""
    context = stream.codec_context
    return isinstance(stream, AudioStream) and context is not None and context.name.startswith(_UNPACKED)


def is_long(stream: Stream) -> bool:
    """Whether a stream of uncompressed sound has more than 16 bits a sample."""
    return is_uncompressed(stream) and _format(stream) != "s16"


class LosslessSound:
    """Decodes uncompressed sound of one stream and stores it as PCM or, where that plays nowhere, as Apple Lossless."""

    def __init__(self, source: Stream, target: OutputContainer, *, apple_lossless: bool) -> None:
        """Add the new stream to ``target``.

        Raises:
            ValueError: the container holds neither.
        """
        context = cast(Any, source.codec_context)
        short = _format(source) == "s16"
        self.codec = "alac" if apple_lossless else "pcm_s16le" if short else "pcm_s24le"
        """FFmpeg's name of the form it gets."""
        self._decoder = context
        self.stream: Stream = target.add_stream(self.codec, rate=context.sample_rate)
        """The stream in the output."""
        self._encoder = cast(Any, self.stream.codec_context)
        self._encoder.layout = layout = _layout(context)
        self._encoder.format = ("s16" if short else "s32") + ("p" if apple_lossless else "")
        self._encoder.time_base = Fraction(1, context.sample_rate)
        self.stream.time_base = Fraction(1, context.sample_rate)
        self._resampler = av.AudioResampler(self._encoder.format, layout, context.sample_rate)
        self._fifo = av.AudioFifo() if apple_lossless else None
        self._samples = self._encoded = 0
        self._anchor: tuple[int, Fraction] | None = None

    def convert(self, packet: "Packet[Stream]") -> "list[Packet[Stream]]":
        """Convert one packet; times of what comes out follow from those of what went in."""
        assert packet.pts is not None
        self._set_clock(packet.pts * Fraction(packet.time_base))
        frames: list[AudioFrame] = []
        for decoded in self._decoder.decode(packet):
            for frame in self._resampler.resample(decoded):
                self._samples += frame.samples
                frames += self._whole(frame)
        return [encoded for frame in frames for encoded in self._encode(frame)]

    def flush(self) -> "list[Packet[Stream]]":
        """What is still held back."""
        rest = self._fifo.read(0, partial=True) if self._fifo is not None and self._fifo.samples else None
        return [*(self._encode(rest) if rest is not None else ()), *self._encode(None)]

    def _set_clock(self, seconds: Fraction) -> None:
        if self._anchor is None or abs(self._when(self._samples) - seconds) > _TOLERANCE_SECONDS:
            self._anchor = self._samples, seconds

    def _when(self, sample: int) -> Fraction:
        assert self._anchor is not None
        return self._anchor[1] + Fraction(sample - self._anchor[0], self._encoder.sample_rate)

    def _whole(self, frame: AudioFrame) -> Iterable[AudioFrame]:
        frame.pts = None
        if self._fifo is None:
            return [frame]
        self._fifo.write(frame)
        return self._fifo.read_many(_ALAC_SAMPLES)

    def _encode(self, frame: AudioFrame | None) -> "Iterable[Packet[Stream]]":
        if frame is not None:
            frame.time_base = Fraction(1, self._encoder.sample_rate)
            frame.pts = round(self._when(self._encoded) * self._encoder.sample_rate)
            self._encoded += frame.samples
        return cast("Iterable[Packet[Stream]]", self._encoder.encode(frame))


def _layout(context: Any) -> Any:
    """Which loudspeakers the channels are for; guessed for one or two where the source does not say."""
    said = (
        {1: "mono", 2: "stereo"}.get(context.layout.nb_channels) if context.layout.name.endswith("channels") else None
    )
    return said or context.layout


def _format(stream: Stream) -> str:
    """The sample format of a decoder without its arrangement: ``s16``, ``s32`` or another."""
    sample_format = cast(Any, stream.codec_context).format
    return "" if sample_format is None else sample_format.name.rstrip("p")
