"""What FFmpeg attaches to a decoded picture besides its samples."""

import struct
from fractions import Fraction
from typing import Any, cast

from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame

from eid_stream.core.frame import MasteringDisplay

_STEREO_PACKINGS = {1: "side by side", 2: "top and bottom"}
_LOST = {
    "DOVI_METADATA": "Dolby Vision's dynamic metadata are",
    "DOVI_RPU_BUFFER": "Dolby Vision's dynamic metadata are",
    "DYNAMIC_HDR_PLUS": "HDR10+'s dynamic metadata are",
    "DYNAMIC_HDR_VIVID": "HDR Vivid's dynamic metadata are",
    "SPHERICAL": "The projection of a spherical or spatial video is",
    "ICC_PROFILE": "The ICC profile is",
    "TYPE_29": "The other eye's view of a spatial video is",
}


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


def mastering_display(data: dict[str, bytes]) -> MasteringDisplay | None:
    """The display a picture was graded on (FFmpeg's ``AVMasteringDisplayMetadata``), if all of it is told."""
    raw = data.get("MASTERING_DISPLAY_METADATA", b"")
    numbers = struct.unpack(f"={len(raw) // 4}i", raw)
    if len(numbers) != 22 or not (numbers[20] and numbers[21]) or not all(numbers[1:20:2]):
        return None
    values = [Fraction(numbers[place], numbers[place + 1]) for place in range(0, 20, 2)]
    red, green, blue, white = ((values[place], values[place + 1]) for place in range(0, 8, 2))
    return MasteringDisplay(red, green, blue, white, darkest=values[8], brightest=values[9])


def content_light(data: dict[str, bytes]) -> tuple[int, int] | None:
    """Brightest pixel and brightest picture (FFmpeg's ``AVContentLightMetadata``)."""
    raw = data.get("CONTENT_LIGHT_LEVEL", b"")
    brightest, average = struct.unpack("=2I", raw) if len(raw) == 8 else (0, 0)
    return (brightest, average) if brightest or average else None


def stereo_packing(data: dict[str, bytes]) -> str:
    """How both eyes' views lie in a picture; empty where there is one, or each has pictures of its own."""
    raw = data.get("STEREO3D", b"")
    return _STEREO_PACKINGS.get(struct.unpack_from("=i", raw)[0], "") if len(raw) >= 4 else ""


def lost_side_data(data: dict[str, bytes]) -> list[str]:
    """What no output keeps of what is attached to a picture, one sentence each."""
    return list(dict.fromkeys(f"{what} left out." for name, what in _LOST.items() if name in data))
