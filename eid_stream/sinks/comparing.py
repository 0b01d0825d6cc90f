"""Original and dehazed picture in one frame: split down the middle, or side by side."""

from dataclasses import replace
from typing import Literal

from eid_stream.core.ffmpeg.picture_buffer import allocate
from eid_stream.core.frame import Frame, Plane, Planes, StreamInfo
from eid_stream.core.interfaces import Sink

Comparison = Literal["split", "side"]


class ComparingSink:
    """Gives a sink frames that show the original left of the dehazed picture, as the viewer sees them."""

    def __init__(self, sink: Sink, comparison: Comparison, *, rotation: int = 0) -> None:
        """Wrap a sink. ``rotation`` is the stream's: what is left for the viewer may be the top of the planes."""
        self._sink = sink
        self._compare = split if comparison == "split" else side_by_side
        self._rotation = rotation

    def write(self, frame: Frame) -> None:
        """Compare one frame and pass it on."""
        self._sink.write(self._compare(frame, rotation=self._rotation))

    def close(self) -> None:
        """Close the wrapped sink."""
        self._sink.close()


def compared_info(info: StreamInfo, comparison: Comparison | None) -> StreamInfo:
    """What is known of a stream after it went through a comparison: ``side`` doubles the displayed width."""
    if comparison != "side":
        return info
    width, height = _doubled(info.width, info.height, _axis(info.rotation))
    return replace(info, width=width, height=height)


def split(frame: Frame, *, rotation: int = 0) -> Frame:
    """The original in the left half, the dehazed picture in the right half, a thin white line between them.

    ``rotation`` in degrees counter-clockwise is how the picture is turned for display. The halves meet on a chroma
    sample, so that the line is equally sharp in every layout.
    """
    axis = _axis(rotation)
    length = (frame.height, frame.width)[axis]
    thickness = max(2, length // 1920 * 2)
    begin = (length - thickness) // 4 * 2
    planes, picture = allocate(frame.width, frame.height, frame.layout)
    first, second = _ordered(frame, rotation)
    for plane, before, after, shift, white in zip(
        planes, first, second, _shifts(frame, axis), _white(frame), strict=True
    ):
        line = slice(begin >> shift, (begin + thickness) >> shift)
        _part(plane, axis, slice(0, line.start))[...] = _part(before, axis, slice(0, line.start))
        _part(plane, axis, line)[...] = white
        _part(plane, axis, slice(line.stop, None))[...] = _part(after, axis, slice(line.stop, None))
    return replace(frame, planes=planes, buffer=picture)


def side_by_side(frame: Frame, *, rotation: int = 0) -> Frame:
    """The whole original left of the whole dehazed picture; a white line fills the gap that odd sizes leave."""
    axis = _axis(rotation)
    width, height = _doubled(frame.width, frame.height, axis)
    planes, picture = allocate(width, height, frame.layout)
    for plane, before, after, white in zip(planes, *_ordered(frame, rotation), _white(frame), strict=True):
        length = before.shape[axis]
        _part(plane, axis, slice(length, -length))[...] = white
        _part(plane, axis, slice(0, length))[...] = before
        _part(plane, axis, slice(-length, None))[...] = after
    return replace(frame, planes=planes, buffer=picture)


def _axis(rotation: int) -> int:
    """The axis of a plane along which the viewer's left and right lie."""
    return 0 if rotation % 180 else 1


def _doubled(width: int, height: int, axis: int) -> tuple[int, int]:
    """Room for two pictures; an odd one is padded by a line so that the second starts on a chroma sample."""
    if axis == 1:
        return 2 * width + width % 2, height
    return width, 2 * height + height % 2


def _ordered(frame: Frame, rotation: int) -> tuple[Planes, Planes]:
    """Original and dehazed planes in the order in which they lie along the axis of the stored picture."""
    left_comes_first = rotation % 360 in (0, 90)
    pictures = frame.captured.planes, frame.planes
    return pictures if left_comes_first else (pictures[1], pictures[0])


def _shifts(frame: Frame, axis: int) -> tuple[int, int, int]:
    shift = frame.layout.chroma_shift_x if axis == 1 else frame.layout.chroma_shift_y
    return 0, shift, shift


def _white(frame: Frame) -> tuple[int, int, int]:
    depth = frame.layout.bit_depth
    black, span = frame.colour.luma_levels(depth)
    neutral, _ = frame.colour.chroma_levels(depth)
    return int(black + span), int(neutral), int(neutral)


def _part(plane: Plane, axis: int, part: slice) -> Plane:
    return plane[part] if axis == 0 else plane[:, part]
