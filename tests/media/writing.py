"""Small real video files for tests, written with FFmpeg.

Every picture carries its number as eight dark or bright blocks along its top edge, so that order and loss show after
any encoder.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import av.filter
import numpy as np
from av.codec.context import Flags
from av.container import OutputContainer
from av.packet import Packet
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from eid_stream.core.ffmpeg.picture_buffer import allocate, range_code, tag
from eid_stream.core.frame import PIXEL_LAYOUTS, Colour
from tests.media.side_streams import (
    Attachment,
    Sound,
    Subtitles,
    chapter_mark,
    cover_packets,
    sound_packets,
    subtitle_packets,
)

BLOCK = 8
WIDTH, HEIGHT = 96, 64
UNTAGGED = Colour()


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
        container.set_chapters([chapter_mark(number, chapter) for number, chapter in enumerate(clip.chapters)])
        video = add_video(container, clip)
        packets = [*sound_packets(container, clip.sounds), *subtitle_packets(container, clip.subtitles)]
        packets += cover_packets(container) if clip.cover else []
        for attachment in clip.attachments:
            container.add_attachment(attachment.name, attachment.mimetype, attachment.data)
        packets += [packet for number, pts in enumerate(clip.stamps) for packet in _encode(video, clip, number, pts)]
        packets += video.encode(None)
        for packet in sorted(packets, key=_when):
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


def _when(packet: "Packet[Any]") -> Fraction:
    return (packet.dts or 0) * packet.time_base
