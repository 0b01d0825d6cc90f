"""What lies beside the pictures of a clip for tests: sound, subtitles, attachments, a cover and chapters."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from av.container import OutputContainer
from av.packet import Packet
from av.video.frame import VideoFrame

if TYPE_CHECKING:
    from av.container.core import Chapter

SAMPLE_RATE = 48_000


@dataclass(frozen=True, slots=True)
class Sound:
    """One audio track: a tone."""

    codec: str = "aac"
    language: str = "und"
    start: Fraction = Fraction(0)
    seconds: float = 1.0
    hertz: float = 440.0


@dataclass(frozen=True, slots=True)
class Subtitles:
    """One track of text subtitles: begin and end in seconds, and words."""

    codec: str
    lines: Sequence[tuple[float, float, str]]
    language: str = "eng"


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file within a Matroska file."""

    name: str
    mimetype: str
    data: bytes


def write_sound(path: Path, sound: Sound) -> Path:
    """Write a file that holds sound alone."""
    with av.open(str(path), "w") as container:
        for packet in sound_packets(container, [sound]):
            container.mux(packet)
    return path


def sound_packets(container: OutputContainer, sounds: Iterable[Sound]) -> list["Packet[Any]"]:
    """Add sound tracks to a container and encode them."""
    packets: list[Packet[Any]] = []
    for sound in sounds:
        stream: Any = container.add_stream(sound.codec, rate=SAMPLE_RATE)
        stream.layout = "mono"
        stream.metadata["language"] = sound.language
        samples = np.sin(2 * np.pi * sound.hertz * np.arange(int(sound.seconds * SAMPLE_RATE)) / SAMPLE_RATE) * 0.3
        for first in range(0, samples.size - 1023, 1024):
            frame = av.AudioFrame.from_ndarray(samples[None, first : first + 1024].astype(np.float32), "fltp", "mono")
            frame.sample_rate = SAMPLE_RATE
            frame.time_base = Fraction(1, SAMPLE_RATE)
            frame.pts = first + round(sound.start * SAMPLE_RATE)
            packets += stream.encode(_resampled(stream, frame))
        packets += stream.encode(None)
    return packets


def _resampled(stream: Any, frame: av.AudioFrame) -> av.AudioFrame:
    if stream.codec_context.format.name == "fltp":
        return frame
    return av.AudioResampler(format=stream.codec_context.format.name, layout="mono", rate=SAMPLE_RATE).resample(frame)[
        0
    ]


def subtitle_packets(container: OutputContainer, tracks: Iterable[Subtitles]) -> list["Packet[Any]"]:
    """Add tracks of subtitles to a container and encode them."""
    packets: list[Packet[Any]] = []
    for track in tracks:
        stream: Any = container.add_stream(track.codec)
        stream.time_base = Fraction(1, 1000)
        stream.metadata["language"] = track.language
        stream.codec_context.subtitle_header = _ASS_HEADER
        stream.codec_context.time_base = Fraction(1, 1000)
        for begin, end, words in track.lines:
            text = words.encode()
            packet: Packet[Any] = Packet(len(text).to_bytes(2, "big") + text if track.codec == "mov_text" else text)
            packet.stream, packet.time_base = stream, Fraction(1, 1000)
            packet.pts = packet.dts = round(begin * 1000)
            packet.duration = round((end - begin) * 1000)
            packets.append(packet)
    return packets


_ASS_HEADER = (
    b"[Script Info]\r\nScriptType: v4.00+\r\nPlayResX: 384\r\nPlayResY: 288\r\n\r\n[V4+ Styles]\r\n"
    b"Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, "
    b"Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, "
    b"MarginR, MarginV, Encoding\r\n"
    b"Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1\r\n\r\n"
    b"[Events]\r\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\r\n"
)


def cover_packets(container: OutputContainer) -> list["Packet[Any]"]:
    """Add a grey cover picture to a container and encode it."""
    stream: Any = container.add_stream("png", width=32, height=32, pix_fmt="rgb24", time_base=Fraction(1, 90_000))
    stream.disposition = av.stream.Disposition.attached_pic
    picture = VideoFrame(32, 32, "rgb24")
    np.frombuffer(memoryview(picture.planes[0]), np.uint8)[:] = 128
    picture.pts, picture.time_base = 0, Fraction(1, 90_000)
    return [*stream.encode(picture), *stream.encode(None)]


def chapter_mark(number: int, chapter: tuple[float, float, str]) -> "Chapter":
    """One chapter, from its begin and end in seconds and its title."""
    begin, end, title = chapter
    return {
        "id": number,
        "start": round(begin * 1000),
        "end": round(end * 1000),
        "time_base": Fraction(1, 1000),
        "metadata": {"title": title},
    }
