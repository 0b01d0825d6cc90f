"""Going to a time in a file, exactly."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from eid_stream.core.ffmpeg.packet_clock import runs_through
from eid_stream.core.ffmpeg.pyav_versions import ratio
from eid_stream.sources.file.picture_decoding import PictureDecoder

_MARGINS_SECONDS = (0, 2, 10, 60, None)
"""How much earlier to try when a file's index leads behind the wanted picture; None: from the file's beginning."""


def pictures_from(
    begin: Fraction, container: InputContainer, stream: VideoStream, decoder: PictureDecoder, *, can_go_back: bool
) -> Iterator[VideoFrame]:
    """Yield the pictures whose time, in seconds of the file's own clock, is at or after ``begin``.

    Where the file cannot be read at any place, because it comes through a pipe or its clock may restart, everything
    before is read too, and decoded from shortly before.
    """
    time_base = ratio(stream.time_base) or Fraction(1)
    wanted = begin / time_base
    if not can_go_back or not runs_through(container):
        decoder.leave_out_before(begin)
        return (picture for picture in decoder if _ticks(picture) >= wanted)
    for margin in _MARGINS_SECONDS:
        if not _seek(container, stream, 0 if margin is None else int((begin - margin) / time_base)):
            continue
        pictures = iter(decoder)
        first = next(pictures, None)
        if first is not None and _ticks(first) <= wanted:
            break
    return (picture for picture in chain([first] if first else [], pictures) if _ticks(picture) >= wanted)


def _seek(container: InputContainer, stream: VideoStream, ticks: int) -> bool:
    try:
        container.seek(ticks, stream=stream)
    except av.FFmpegError:
        return False
    return True


def _ticks(picture: VideoFrame) -> int:
    return (picture.dts if picture.pts is None else picture.pts) or 0
