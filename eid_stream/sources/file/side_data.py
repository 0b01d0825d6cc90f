"""What FFmpeg attaches to a decoded picture besides its samples, by name."""

from typing import Any, cast

from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame


def _unnamed(cls: type[Type], value: object) -> Type:
    """A member for a kind of side data that FFmpeg knows and PyAV does not yet (EXIF, views of spatial video)."""
    member = object.__new__(cls)
    member._name_, cast(Any, member)._value_ = f"TYPE_{value}", value
    return member


# PyAV refuses all side data of a picture when one kind of it is newer than itself; an enumeration asks this hook first.
cast(Any, Type)._missing_ = classmethod(_unnamed)


def side_data_of(picture: VideoFrame) -> dict[str, bytes]:
    """All side data of a picture by FFmpeg's name in capitals, such as ``DISPLAYMATRIX``."""
    return {data.type.name: bytes(data) for data in cast(Any, picture.side_data)}
