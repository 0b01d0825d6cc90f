"""A source whose pictures have black rectangles: whatever shows, records or sends them shows the rectangles, too."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from eid_stream.core.errors import ConfigError
from eid_stream.core.ffmpeg.picture_buffer import allocate
from eid_stream.core.frame import Frame, StreamInfo
from eid_stream.core.interfaces import Source
from eid_stream.core.rectangle import Rectangle


class BlackedOutSource:
    """Paints rectangles of another source's pictures black, before anybody else sees them."""

    def __init__(self, source: Source, rectangles: Sequence[Rectangle]) -> None:
        """Wrap a source; it is closed with this one.

        Raises:
            ConfigError: a rectangle leaves the picture, or the picture is turned for display, so that nobody can tell
                which pixels are meant.
        """
        self.wrapped = source
        self._rectangles = tuple(rectangles)
        info = source.info
        if info.rotation or info.display_matrix:
            raise ConfigError(
                "--black-out counts pixels as they are stored, and this picture is turned or mirrored when it is shown."
                " Store it upright first: ffmpeg -i FILE -c:a copy NEW."
            )
        for one in self._rectangles:
            if one.left + one.width > info.width or one.top + one.height > info.height:
                raise ConfigError(f"--black-out {one} leaves the picture, which is {info.width}x{info.height} pixels.")

    @property
    def info(self) -> StreamInfo:
        """As the source says."""
        return self.wrapped.info

    def __iter__(self) -> Iterator[Frame]:
        """Yield the source's frames, painted."""
        return (self.painted(frame) for frame in self.wrapped)

    def painted(self, frame: Frame) -> Frame:
        """A copy of the frame with the rectangles; a decoder may still need the frame itself as it is."""
        planes, buffer = allocate(frame.width, frame.height, frame.layout)
        levels = _black(frame)
        for number, (target, plane) in enumerate(zip(planes, frame.planes, strict=True)):
            target[...] = plane
            for one in self._within(frame):
                shifts = (frame.layout.chroma_shift_x, frame.layout.chroma_shift_y) if number else (0, 0)
                target[_samples(one, *shifts)] = levels[number]
            target.flags.writeable = False
        return replace(frame, planes=planes, buffer=buffer)

    def close(self) -> None:
        """Close the wrapped source."""
        self.wrapped.close()

    def _within(self, frame: Frame) -> list[Rectangle]:
        """Where the size has changed, both the same pixels and the same part of the picture are covered."""
        info = self.wrapped.info
        if (frame.width, frame.height) == (info.width, info.height):
            return list(self._rectangles)
        across, down = frame.width / info.width, frame.height / info.height
        return [*self._rectangles, *(one.scaled(across, down) for one in self._rectangles)]


def _samples(one: Rectangle, shift_x: int, shift_y: int) -> tuple[slice, slice]:
    """Rows and columns of a plane, rounded outwards: a chroma sample belongs to several pixels."""
    right, bottom = one.left + one.width, one.top + one.height
    return slice(one.top >> shift_y, -(-bottom >> shift_y)), slice(one.left >> shift_x, -(-right >> shift_x))


def _black(frame: Frame) -> tuple[int, int, int]:
    depth = frame.layout.bit_depth
    neutral = int(frame.colour.chroma_levels(depth)[0])
    return int(frame.colour.luma_levels(depth)[0]), neutral, neutral
