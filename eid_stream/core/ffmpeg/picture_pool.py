"""Pictures to be filled, used again and again: memory that is new to a process costs it a millisecond at 1080p."""

import sys

from av.video.frame import VideoFrame

from eid_stream.core.ffmpeg.picture_buffer import allocate, writable
from eid_stream.core.frame import PixelLayout, Planes

MOST_PICTURES = 6
"""Pictures that are on their way at once, and two more."""


class PicturePool:
    """``allocate``, but of pictures that were handed out before and are held by nobody any more.

    For one thread. Whoever holds a picture, a view of its planes or, in FFmpeg, a reference to its memory keeps it.
    """

    def __init__(self) -> None:
        self._pictures: list[VideoFrame] = []
        self._kind: tuple[int, int, PixelLayout] | None = None
        self._unheld = _references([object()], 0)

    def allocate(self, width: int, height: int, layout: PixelLayout) -> tuple[Planes, VideoFrame]:
        """A picture as ``picture_buffer.allocate`` makes it; the content is undefined."""
        if self._kind != (width, height, layout):
            self._kind, self._pictures = (width, height, layout), []
        for number in range(len(self._pictures)):
            if _references(self._pictures, number) == self._unheld:
                picture = self._pictures[number]
                picture.make_writable()  # other memory, where FFmpeg has not done with this
                return writable(picture, layout), picture
        planes, picture = allocate(width, height, layout)
        if len(self._pictures) < MOST_PICTURES:
            self._pictures.append(picture)
        return planes, picture


def _references(held: list[object] | list[VideoFrame], number: int) -> int:
    """How many there are to an item of a list, whatever this version of Python counts."""
    return sys.getrefcount(held[number])
