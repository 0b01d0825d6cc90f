"""What a video says of brightness and stereo beside its samples, as options of the encoders that can write it."""

from fractions import Fraction

from eid_stream.core.frame import MasteringDisplay, StreamInfo

_FRAME_PACKINGS = {"side by side": "3", "top and bottom": "4"}
"""Codes of H.264's frame packing arrangement (ITU-T H.264, D.2.26)."""
_STEREO_MODES = {"side by side": "left_right", "top and bottom": "top_bottom"}
"""Names of Matroska's StereoMode."""
_MASTERING = {"h264": "mastering-display", "hevc": "master-display", "av1": "mastering-display"}
_LIGHT = {"h264": "cll", "hevc": "max-cll", "av1": "content-light"}
_PARAMETERS = {"h264": "x264-params", "hevc": "x265-params", "av1": "svtav1-params"}
_INTEGER_UNITS = 50_000, 10_000
_FLOAT_UNITS = 1, 1


def hdr_options(info: StreamInfo, codec: str) -> dict[str, str]:
    """Options with which the encoder of a codec writes HDR10 brightness and stereo packing into its stream."""
    if codec not in _PARAMETERS:
        return {}
    told = []
    if info.mastering_display is not None:
        told.append(f"{_MASTERING[codec]}={_display(info.mastering_display, codec)}")
    if info.content_light is not None:
        told.append(f"{_LIGHT[codec]}={info.content_light[0]},{info.content_light[1]}")
    if info.stereo_packing and codec == "h264":
        told.append(f"frame-packing={_FRAME_PACKINGS[info.stereo_packing]}")
    return {_PARAMETERS[codec]: ":".join(told)} if told else {}


def stereo_tag(info: StreamInfo, container_format: str) -> dict[str, str]:
    """The tag from which Matroska's writer takes how both eyes' views are packed."""
    if container_format != "matroska" or not info.stereo_packing:
        return {}
    return {"stereo_mode": _STEREO_MODES[info.stereo_packing]}


def lost_facts(info: StreamInfo, codec: str, container_format: str) -> list[str]:
    """What neither codec nor container says any more, one sentence each."""
    told = []
    if codec not in _PARAMETERS and (info.mastering_display or info.content_light):
        told.append(f"HDR10's mastering display and light levels are left out: {codec} does not hold them.")
    if info.stereo_packing and codec != "h264" and container_format != "matroska":
        told.append(f"That the picture is stereo, {info.stereo_packing}, is left out: h264 and .mkv say so.")
    if info.colour.full_range and codec == "ffv1" and container_format != "matroska":
        told.append("FFV1 in this container does not say that the picture is of full range: .mkv does.")
    return told


def _display(display: MasteringDisplay, codec: str) -> str:
    chroma, light = _FLOAT_UNITS if codec == "av1" else _INTEGER_UNITS
    points = (("G", display.green), ("B", display.blue), ("R", display.red), ("WP", display.white))
    written = "".join(f"{name}({_number(x * chroma)},{_number(y * chroma)})" for name, (x, y) in points)
    return f"{written}L({_number(display.brightest * light)},{_number(display.darkest * light)})"


def _number(value: Fraction) -> str:
    return f"{float(value):.5f}".rstrip("0").rstrip(".")
