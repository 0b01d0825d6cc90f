"""Small real video files for tests, written with FFmpeg, and their contents read back packet by packet.

Every picture carries its number as eight dark or bright blocks along its top edge, so that order and loss show after
any encoder.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import av
import av.filter
import numpy as np
from av.codec.context import Flags
from av.container import OutputContainer
from av.packet import Packet
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from eid_stream.frame import PIXEL_LAYOUTS, Colour, Planes
from eid_stream.picture_buffer import allocate, nearest_layout, range_code, tag, view

if TYPE_CHECKING:
    from av.container.core import Chapter

BLOCK = 8
WIDTH, HEIGHT = 96, 64
SAMPLE_RATE = 48_000
UNTAGGED = Colour()


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


@dataclass(frozen=True, slots=True)
class Clip:
    """What to write: every field has the plainest value as default."""

    frames: int = 12
    size: tuple[int, int] = (WIDTH, HEIGHT)
    layout: str = "yuv420p"
    codec: str = "libx264"
    options: dict[str, str] = field(default_factory=dict)
    rate: Fraction = Fraction(25)
    time_base: Fraction = Fraction(1, 90_000)
    pts: Sequence[int] = ()
    """Time stamps in units of ``time_base``; empty: constant rate."""
    colour: Colour = UNTAGGED
    sample_aspect: Fraction = Fraction(0)
    rotation: int = 0
    mirrored: bool = False
    fields: str = ""
    """``tff`` or ``bff`` for interlaced pictures."""
    sounds: Sequence[Sound] = ()
    subtitles: Sequence[Subtitles] = ()
    attachments: Sequence[Attachment] = ()
    chapters: Sequence[tuple[float, float, str]] = ()
    metadata: dict[str, str] = field(default_factory=dict)
    cover: bool = False
    movflags: str = ""

    @property
    def stamps(self) -> Sequence[int]:
        """Time stamps of all frames."""
        return self.pts or [round(n / self.rate / self.time_base) for n in range(self.frames)]


def write_clip(path: Path, clip: Clip | None = None, *, format_name: str | None = None) -> Path:
    """Write a clip; the extension chooses the container."""
    clip = clip or Clip()
    options = {"movflags": clip.movflags} if clip.movflags else {}
    with av.open(str(path), "w", format=format_name, container_options=options) as container:
        container.metadata.update(clip.metadata)
        container.set_chapters([_chapter(number, chapter) for number, chapter in enumerate(clip.chapters)])
        video = add_video(container, clip)
        packets = [*_sounds(container, clip.sounds), *_subtitles(container, clip.subtitles)]
        packets += _cover(container) if clip.cover else []
        for attachment in clip.attachments:
            container.add_attachment(attachment.name, attachment.mimetype, attachment.data)
        packets += [packet for number, pts in enumerate(clip.stamps) for packet in _encode(video, clip, number, pts)]
        packets += video.encode(None)
        for packet in sorted(packets, key=_when):
            container.mux(packet)
    return path


def write_sound(path: Path, sound: Sound) -> Path:
    """Write a file that holds sound alone."""
    with av.open(str(path), "w") as container:
        for packet in _sounds(container, [sound]):
            container.mux(packet)
    return path


def add_video(container: OutputContainer, clip: Clip) -> VideoStream:
    """Add the clip's video stream to a container."""
    width, height = clip.size
    preset = {"preset": "ultrafast"} if clip.codec in ("libx264", "libx265") else {}
    quiet = {"x265-params": "log-level=none"} if clip.codec == "libx265" else {}
    stream = cast(
        VideoStream,
        container.add_stream(
            clip.codec,
            rate=clip.rate,
            options=preset | quiet | clip.options,
            width=width,
            height=height,
            pix_fmt=clip.layout,
            time_base=clip.time_base,
        ),
    )
    stream.time_base = clip.time_base
    context = stream.codec_context
    context.sample_aspect_ratio = clip.sample_aspect
    context.colorspace, context.color_range = clip.colour.matrix, int(range_code(clip.colour))
    context.color_primaries, context.color_trc = clip.colour.primaries, clip.colour.transfer
    if clip.fields:
        context.flags |= Flags.interlaced_dct
        context.field_order = 2 if clip.fields == "tff" else 3
    if clip.rotation or clip.mirrored:
        stream.set_display_rotation(clip.rotation, hflip=clip.mirrored)
    return stream


def paint(clip: Clip, number: int) -> VideoFrame:
    """Make one picture: a moving gradient, with its number along the top."""
    width, height = clip.size
    layout = PIXEL_LAYOUTS[clip.layout]
    planes, picture = allocate(width, height, layout)
    scale = 1 << (layout.bit_depth - 8)
    for index, plane in enumerate(planes):
        rows, columns = np.indices(plane.shape)
        plane[...] = (60 + (columns * (index + 2) + rows + number * 3) % 120) * scale
    for bit in range(8):
        planes[0][:BLOCK, bit * BLOCK : (bit + 1) * BLOCK] = (210 if number >> bit & 1 else 40) * scale
    return picture


def number_of(planes: Planes, bit_depth: int) -> int:
    """Read the number painted in a picture, modulo 256."""
    luma, middle = planes[0], 125 << (bit_depth - 8)
    return sum(
        1 << bit for bit in range(8) if luma[2 : BLOCK - 2, bit * BLOCK + 2 : (bit + 1) * BLOCK - 2].mean() > middle
    )


def _encode(stream: VideoStream, clip: Clip, number: int, pts: int) -> list["Packet[Any]"]:
    picture = paint(clip, number)
    tag(picture, clip.colour, pts=pts, time_base=clip.time_base)
    if clip.fields:
        picture = _as_fields(picture, clip)
    return list(stream.encode(picture))


def _as_fields(picture: VideoFrame, clip: Clip) -> VideoFrame:
    graph = av.filter.Graph()
    width, height = clip.size
    source = graph.add_buffer(width=width, height=height, format=VideoFormat(clip.layout), time_base=clip.time_base)
    marker, sink = graph.add("setfield", f"mode={clip.fields}"), graph.add("buffersink")
    source.link_to(marker)
    marker.link_to(sink)
    graph.configure()
    graph.vpush(picture)
    return graph.vpull()


def _sounds(container: OutputContainer, sounds: Iterable[Sound]) -> list["Packet[Any]"]:
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


def _subtitles(container: OutputContainer, tracks: Iterable[Subtitles]) -> list["Packet[Any]"]:
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


def _cover(container: OutputContainer) -> list["Packet[Any]"]:
    stream: Any = container.add_stream("png", width=32, height=32, pix_fmt="rgb24", time_base=Fraction(1, 90_000))
    stream.disposition = av.stream.Disposition.attached_pic
    picture = VideoFrame(32, 32, "rgb24")
    np.frombuffer(memoryview(picture.planes[0]), np.uint8)[:] = 128
    picture.pts, picture.time_base = 0, Fraction(1, 90_000)
    return [*stream.encode(picture), *stream.encode(None)]


def _chapter(number: int, chapter: tuple[float, float, str]) -> "Chapter":
    begin, end, title = chapter
    return {
        "id": number,
        "start": round(begin * 1000),
        "end": round(end * 1000),
        "time_base": Fraction(1, 1000),
        "metadata": {"title": title},
    }


def _when(packet: "Packet[Any]") -> Fraction:
    return (packet.dts or 0) * packet.time_base


@dataclass(frozen=True, slots=True)
class Track:
    """One stream as a reader sees it."""

    type: str
    codec: str
    seconds: tuple[Fraction, ...]
    """Presentation times of its packets, sorted."""
    payloads: tuple[bytes, ...]
    metadata: dict[str, str]
    disposition: int


def read_tracks(path: Path) -> list[Track]:
    """Read every packet of a file."""
    with av.open(str(path)) as container:
        packets: dict[int, list[Packet[Any]]] = {stream.index: [] for stream in container.streams}
        for packet in container.demux():
            if packet.size:
                packets[packet.stream.index].append(packet)
        return [
            Track(
                type=stream.type,
                codec=stream.codec_context.name if stream.codec_context else "",
                seconds=tuple(sorted((p.pts or 0) * p.time_base for p in packets[stream.index])),
                payloads=tuple(bytes(p) for p in packets[stream.index]),
                metadata=dict(stream.metadata),
                disposition=int(stream.disposition),
            )
            for stream in container.streams
        ]


def read_pictures(path: Path) -> list[tuple[Fraction, int]]:
    """Decode a file's video: time in seconds and painted number of every picture."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        time_base = stream.time_base or Fraction(1)
        return [
            ((p.pts or 0) * time_base, number_of(view(p), nearest_layout(p.format).bit_depth))
            for p in container.decode(stream)
        ]
