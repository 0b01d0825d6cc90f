"""What FFmpeg knows of a video stream, as the program's own values."""

import struct
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av.logging
from av.container import InputContainer
from av.format import Flags
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from eid_stream.core.ffmpeg.mp4_boxes import is_cut
from eid_stream.core.ffmpeg.picture_buffer import colour_of, nearest_layout
from eid_stream.core.ffmpeg.pyav_versions import ratio
from eid_stream.core.frame import PixelLayout, StreamInfo
from eid_stream.sources.file.field_order import top_field_first
from eid_stream.sources.file.side_data import content_light, mastering_display, side_data_of, stereo_packing

_CHROMA_LOCATIONS = ("unspecified", "left", "center", "topleft", "top", "bottomleft", "bottom")
_FORMATS_THAT_TELL_THEIR_END = {"mov", "matroska", "avi", "asf", "flv", "mxf"}
_MICROSECOND = Fraction(1, 1_000_000)


def describe(
    container: InputContainer, stream: VideoStream, picture: VideoFrame, *, address: str, chroma_location: int
) -> StreamInfo:
    """Put together what is known of a stream once its first picture is decoded."""
    duration = duration_seconds(container, stream)
    rate = ratio(stream.guessed_rate) or ratio(stream.average_rate)
    attached = side_data_of(picture)
    average_rate = ratio(stream.average_rate) or rate
    return StreamInfo(
        address=address,
        width=picture.width,
        height=picture.height,
        layout=nearest_layout(picture.format),
        colour=colour_of(picture, chroma_location=chroma_location),
        time_base=ratio(stream.time_base) or Fraction(1, 90_000),
        nominal_rate=rate,
        sample_aspect=ratio(stream.sample_aspect_ratio),
        rotation=picture.rotation,
        display_matrix=_display_matrix(attached),
        mastering_display=mastering_display(attached),
        content_light=content_light(attached),
        stereo_packing=stereo_packing(attached),
        interlaced=picture.interlaced_frame,
        top_field_first=top_field_first(picture),
        codec=stream.codec_context.codec.canonical_name,
        stream_index=stream.index,
        start_seconds=start_seconds(container),
        duration_seconds=None if duration is None else float(duration),
        frame_count=stream.frames or (round(duration * average_rate) if duration and average_rate else None),
    )


def start_seconds(container: InputContainer) -> Fraction:
    """Time at which the file's clock begins: the earliest start of its sounds and pictures.

    Below zero only where pictures are, as when a clock wraps within its first minute: sound begins a little earlier
    than what is to be heard of it wherever its coder needs that.
    """
    pictures, sounds = _starts(container.streams.video), _starts(container.streams.audio)
    earliest = min([*pictures, *sounds], default=Fraction(0))
    return earliest if earliest > 0 else min([*pictures, Fraction(0)])


def _starts(streams: Iterable[Stream]) -> list[Fraction]:
    return [s.start_time * base for s in streams if s.start_time is not None and (base := ratio(s.time_base))]


def duration_seconds(container: InputContainer, stream: VideoStream) -> Fraction | None:
    """Announced duration of a video stream, or of the whole file where the stream says nothing."""
    if stream.duration and stream.time_base:
        return stream.duration * stream.time_base
    return container.duration * _MICROSECOND if container.duration else None


def announced_end(container: InputContainer, path: Path) -> Fraction | None:
    """Time at which the file should end by its own header; None where the header of such files does not tell.

    An MP4 file says where its samples lie: it is truncated if one of its parts is, whatever its edit lists announce.
    Matroska writers tell either the length or the time of the end.
    """
    kinds = set(container.format.name.split(","))
    if container.duration is None or not kinds & _FORMATS_THAT_TELL_THEIR_END:
        return None
    if "mov" in kinds and not is_cut(path):
        return None
    start, length = (container.start_time or 0) * _MICROSECOND, container.duration * _MICROSECOND
    if "matroska" in kinds and length > start:
        return length
    return (start + length) * (_announced_share(path) if "avi" in kinds else 1)


def _announced_share(path: Path) -> Fraction:
    """How much larger an AVI file announces to be than it is; FFmpeg shortens its duration to what is there."""
    with path.open("rb") as file:
        announced = int.from_bytes(file.read(8)[4:], "little") + 8
    return max(Fraction(1), Fraction(announced, path.stat().st_size))


def chroma_location(container: InputContainer, stream: VideoStream) -> int:
    """Find where chroma samples lie, as FFmpeg's AVChromaLocation; 0 = unspecified.

    PyAV has no field for it, but FFmpeg's own description of a stream names it when asked for much detail. To be called
    before the first picture is decoded: a decoder's threads that log while Python waits for them wait for Python.
    """
    before = av.logging.get_level()
    av.logging.set_level(av.logging.VERBOSE)
    av.logging.set_libav_level(av.logging.VERBOSE)
    try:
        described: str = cast(Any, container).dumps_format()
    finally:
        av.logging.set_libav_level(av.logging.INFO)
        av.logging.set_level(before)
    line = next((text for text in described.splitlines() if f"Stream #0:{stream.index}" in text), "")
    words = [word.strip() for word in line.replace(")", ",").split(",")]
    return next((code for code, name in enumerate(_CHROMA_LOCATIONS) if name in words), 0)


def _display_matrix(data: dict[str, bytes]) -> tuple[int, ...]:
    matrix = data.get("DISPLAYMATRIX")
    return struct.unpack("=9i", matrix) if matrix else ()


def has_no_clock(container: InputContainer) -> bool:
    """Whether the file holds pictures one behind the other and does not say when they are to be shown."""
    pictures_alone = container.format.name.endswith("_pipe")
    return pictures_alone or bool(container.format.flags & cast(int, Flags.no_timestamps.value))


def simplifications(picture: VideoFrame, layout: PixelLayout) -> list[str]:
    """What of a picture's samples is not processed, one sentence each."""
    components = picture.format.components
    bits = max((component.bits for component in components), default=8)
    told = []
    if any(component.is_alpha for component in components):
        told.append("The picture's transparency (alpha) is left out.")
    if bits > layout.bit_depth:
        told.append(f"The picture has {bits} bits a sample, of which {layout.bit_depth} are processed and kept.")
    return told
