"""Opening a file with FFmpeg, with one clear sentence for whatever is wrong with it."""

import os
from pathlib import Path
from typing import IO, Any

import av
from av.codec.hwaccel import HWAccel
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from eid_stream.core.errors import SourceOpenError
from eid_stream.core.ffmpeg.media_formats import FILE_ONLY
from eid_stream.core.ffmpeg.pyav_versions import READABLE_METADATA
from eid_stream.sources.file.opening.recognition import HEAD_BYTES, what_else

_NO_PICTURES = {"skip_frame": "all"}
"""While FFmpeg opens the file; whoever decodes a stream of it afterwards has them."""
MAX_PIXELS = 16384 * 8192
"""Largest picture that is accepted, in pixels: four times 8K."""


def open_file(path: Path, device: HWAccel | None = None, *, known: bool = False) -> InputContainer:
    """Open a file for reading, to be decoded on a device where one is given.

    FFmpeg decodes up to twenty pictures to find out what they are, unless it is ``known``.

    Raises:
        SourceOpenError: it is missing, empty, a folder, not readable, or nothing that FFmpeg knows.
    """
    try:
        _check(path)
    except OSError as error:  # a name that is too long, say
        raise SourceOpenError(f"Cannot look for the file {path}: {error.strerror}. Check the path.") from error
    options = _NO_PICTURES if known else {}
    return _open(f"file:{path}", str(path), options, container_options=FILE_ONLY, hwaccel=device)


def open_late(reader: IO[bytes], label: str, *, formats: str, format_name: str | None) -> InputContainer:
    """Open what comes through a pipe, in one of the ``formats``; ``format_name`` where it is known which.

    Raises:
        SourceOpenError: it is nothing that FFmpeg knows.
    """
    allowed = {} if format_name else {"format_whitelist": formats}
    return _open(reader, label, {}, format=format_name, container_options={"protocol_whitelist": "pipe", **allowed})


def _open(target: str | IO[bytes], label: str, options: dict[str, str], **how: Any) -> InputContainer:
    options = {"max_pixels": str(MAX_PIXELS)} | options
    try:
        container: InputContainer = av.open(target, "r", **READABLE_METADATA, options=options, **how)
    except (av.FFmpegError, ValueError) as error:
        if isinstance(error, av.error.ArgumentError):  # how FFmpeg says that a format is not on the list
            raise SourceOpenError(
                f"{label} is a playlist, a list of files, or of a kind that is not read as a video. "
                "Give one of the video files it names, or convert it first."
            ) from error
        raise SourceOpenError(
            f"Cannot open {label} as a video: {reason(error)}. "
            "It is damaged, incomplete, or not a video; check that it plays elsewhere."
        ) from error
    return container


def pick_video(container: InputContainer, path: Path | str) -> VideoStream:
    """Choose the video stream to work on: the first one marked as default, never a cover picture.

    Raises:
        SourceOpenError: there is none, its codec is unknown, or its picture has no size or an absurd one.
    """
    streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not streams:
        others = ", ".join(sorted({s.type for s in container.streams}))
        found = f"no video, only {others}" if others else "nothing that can be played"
        raise SourceOpenError(f"{path} holds {found}. Give a file with moving pictures.")
    stream = next((s for s in streams if s.disposition & Disposition.default), streams[0])
    if stream.codec_context is None:
        raise SourceOpenError(f"The video codec of {path} is not known to this FFmpeg. Convert the file first.")
    _check_size(stream, path)
    return stream


def reason(error: Exception) -> str:
    """Say in a few words what FFmpeg complains about, without error numbers."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _check(path: Path) -> None:
    if path.is_dir():
        raise SourceOpenError(f"{path} is a folder, not a video file. Give one of the files in it.")
    if not path.exists():
        raise SourceOpenError(f"There is no file {path}. Check the path.")
    if not path.is_file():
        raise SourceOpenError(f"{path} is not a regular file. Give a video file.")
    if not os.access(path, os.R_OK):
        raise SourceOpenError(f"The file {path} may not be read. Check its permissions.")
    if path.stat().st_size == 0:
        raise SourceOpenError(f"The file {path} is empty. Copy or record it again.")
    with path.open("rb") as file:
        if what := what_else(file.read(HEAD_BYTES)):
            raise SourceOpenError(f"{path} is {what}.")


def _check_size(stream: VideoStream, path: Path | str) -> None:
    width, height = stream.codec_context.width, stream.codec_context.height
    if width < 1 or height < 1:
        raise SourceOpenError(f"The picture of {path} has no size, or one too large to decode. The file is damaged.")
    if width * height > MAX_PIXELS:
        raise SourceOpenError(
            f"The picture of {path} is {width}x{height}, more than the {MAX_PIXELS} pixels that are accepted. "
            "The file is damaged, or scale it down first."
        )
