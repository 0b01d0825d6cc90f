"""The key frames of a recording, decoded alone: seconds for an hour of video."""

import math
from collections.abc import Iterator

import av
from av.codec.context import ThreadType
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from eid_stream.core.errors import SourceError
from eid_stream.core.ffmpeg.picture_buffer import LayoutConverter, colour_of, view
from eid_stream.core.frame import Frame, StreamInfo
from eid_stream.sources.file.opening.media_input import MediaInput
from eid_stream.sources.file.opening.open_file import pick_video


def read_key_frames(
    media: MediaInput, info: StreamInfo, *, first_seconds: float, last_seconds: float, every_seconds: float
) -> Iterator[Frame]:
    """Key frames from one presentation time to another, in order: of every ``every_seconds`` the first one.

    Which they are depends on the file alone, as long as ``first_seconds`` is a multiple of that. They come as
    ``VideoFileSource`` would show them. Nothing comes of a pipe, which can be read only once; a file that cannot be
    read any further ends the iteration, for whoever reads all of it says so.
    """
    if not media.can_go_back:
        return
    try:
        container = media.open()
    except SourceError:
        return
    try:
        stream = pick_video(container, media.label)
        stream.thread_type = ThreadType.SLICE  # frame threads would hold back as many pictures as there are threads
        stream.codec_context.skip_frame = "NONKEY"
        yield from _frames(container, stream, info, first_seconds, last_seconds, every_seconds)
    except (av.FFmpegError, ValueError, IndexError):
        return
    finally:
        media.finish(container)


def _frames(
    container: InputContainer, stream: VideoStream, info: StreamInfo, first: float, last: float, every: float
) -> Iterator[Frame]:
    if first > 0.0 and stream.time_base:
        container.seek(int(first / stream.time_base), stream=stream)
    converter = LayoutConverter(info.layout)
    for index, picture in enumerate(_pictures(container, stream, first, last, every)):
        buffer = converter.convert(picture)
        assert picture.pts is not None
        assert stream.time_base is not None
        yield Frame(
            planes=view(buffer),
            layout=info.layout,
            colour=colour_of(picture, chroma_location=info.colour.chroma_location),
            pts=picture.pts,
            time_base=stream.time_base,
            index=index,
            captured_ns=0,
            buffer=buffer,
        )


def _pictures(
    container: InputContainer, stream: VideoStream, first: float, last: float, every: float
) -> Iterator[VideoFrame]:
    """Decoded key pictures that have a time."""
    due = first
    for packet in container.demux(stream):
        if packet.dts is not None:
            seconds = float((packet.pts if packet.pts is not None else packet.dts) * (stream.time_base or 1))
            if seconds >= last:
                break
            if not packet.is_keyframe or seconds < due:
                continue
            due = (math.floor(seconds / every) + 1) * every if every else seconds
        yield from (picture for picture in packet.decode() if picture.pts is not None)
    yield from (picture for picture in stream.codec_context.decode(None) if picture.pts is not None)
