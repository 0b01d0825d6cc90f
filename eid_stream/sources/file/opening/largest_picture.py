"""How large the pictures of a file become: the size of a stream may change in its middle."""

from collections.abc import Iterable, Iterator
from contextlib import suppress

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from eid_stream.sources.file.opening.media_input import MediaInput

_MAY_CHANGE = {"mpegts", "mpeg", "matroska", "flv", "h264", "hevc", "mpegvideo", "ivf", "asf"}
_LOOKS = 8
_SMALL_BYTES = 16 << 20
"""Of files up to this size every key frame is looked at."""


def largest_picture(
    media: MediaInput, stream_index: int, first: VideoFrame, container_kinds: Iterable[str]
) -> tuple[int, int]:
    """Width and height of the largest of the key frames looked at: some, spread over the file; all of a small one.

    Nothing but the first picture is known of a pipe, and nothing else is needed where sizes do not change.
    ``container_kinds`` are FFmpeg's names of the file's format.
    """
    sizes = {(first.width, first.height)}
    if media.path is not None and _MAY_CHANGE.intersection(container_kinds):
        container = media.open()
        try:
            stream = container.streams[stream_index]
            assert isinstance(stream, VideoStream)
            sizes |= _sizes(container, stream, small=media.path.stat().st_size <= _SMALL_BYTES)
        finally:
            media.finish(container)
    return max(sizes, key=lambda size: size[0] * size[1])


def _sizes(container: InputContainer, stream: VideoStream, *, small: bool) -> set[tuple[int, int]]:
    stream.codec_context.skip_frame = "NONKEY"
    looked_at = _key_frames(container, stream) if small else _spread(container, stream)
    return {(picture.width, picture.height) for picture in looked_at}


def _key_frames(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    with suppress(av.FFmpegError, IndexError):
        for packet in container.demux(stream):
            if packet.is_keyframe or not packet.size:
                yield from _decoded(stream, packet)


def _spread(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    begin, length = container.start_time or 0, container.duration or 0
    for look in range(1, _LOOKS):
        with suppress(av.FFmpegError, IndexError):
            container.seek(begin + length * look // _LOOKS)
            yield from _first(container, stream)


def _first(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    for packet in container.demux(stream):
        pictures = _decoded(stream, packet)
        if pictures:
            yield pictures[0]
            return


def _decoded(stream: VideoStream, packet: "av.Packet[VideoStream]") -> list[VideoFrame]:
    with suppress(av.FFmpegError):
        return stream.decode(packet)
    return []
