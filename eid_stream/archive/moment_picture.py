"""One moment of a video as a small JPEG."""

import io
from pathlib import Path

import av
from av.video.frame import VideoFrame

WIDTH = 480
_ANNOTATION_RATE = 25


def jpeg_at(path: Path, seconds: float) -> bytes | None:
    """The picture shown at ``seconds`` from the video's beginning, ``WIDTH`` wide; None when it cannot be read.

    Of a folder of pictures (``--frames``) it is the nearest one.
    """
    if path.is_dir():
        path, seconds = _nearest(path, seconds), 0.0
    try:
        with av.open(f"file:{path}") as container:
            picture = _picture_at(container, seconds)
            return None if picture is None else _as_jpeg(picture)
    except (av.FFmpegError, OSError, ValueError):
        return None


def _nearest(folder: Path, seconds: float) -> Path:
    """The picture whose number, of 25 a second, is nearest."""
    wanted = seconds * _ANNOTATION_RATE + 1
    numbered = [(abs(int(path.stem[-6:]) - wanted), path) for path in folder.iterdir() if path.stem[-6:].isdecimal()]
    return min(numbered, default=(0.0, folder))[1]


def _picture_at(container: "av.container.InputContainer", seconds: float) -> VideoFrame | None:
    stream = container.streams.video[0]
    begin = float((stream.start_time or 0) * (stream.time_base or 0))
    container.seek(int((begin + seconds) * av.time_base))
    picture = None
    for picture in container.decode(stream):
        if picture.time is not None and picture.time >= begin + seconds:
            break
    return picture


def _as_jpeg(picture: VideoFrame) -> bytes:
    width = min(WIDTH, picture.width)
    height = max(2, round(picture.height * width / picture.width / 2) * 2)
    small = picture.reformat(width=width // 2 * 2, height=height, format="yuvj420p")
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mjpeg") as target:
        stream = target.add_stream("mjpeg", rate=1, width=small.width, height=small.height, pix_fmt="yuvj420p")
        small.pts = 0
        target.mux(stream.encode(small))
        target.mux(stream.encode(None))
    return buffer.getvalue()
