"""What V4L2 devices can do, asked from the kernel, and which of their modes to use."""

import fcntl
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from eid_stream.core.errors import ConfigError, SourceOpenError

_QUERY_CAPABILITIES = 0x80685600
_ENUMERATE_FORMATS = 0xC0405602
_ENUMERATE_SIZES = 0xC02C564A
_ENUMERATE_INTERVALS = 0xC034564B
_VIDEO_CAPTURE = 1
_DISCRETE = 1

_FOURCC_TO_FFMPEG = {
    "NV12": "nv12",
    "YUYV": "yuyv422",
    "UYVY": "uyvy422",
    "YU12": "yuv420p",
    "422P": "yuv422p",
    "NV16": "nv16",
    "BGR3": "bgr24",
    "RGB3": "rgb24",
    "H264": "h264",
    "HEVC": "hevc",
    "MJPG": "mjpeg",
    "JPEG": "mjpeg",
}
"""Known pixel formats from the most to the least wanted: raw without conversion, raw, compressed with less loss."""
_PREFERENCE = {name: rank for rank, name in enumerate(dict.fromkeys(_FOURCC_TO_FFMPEG.values()))}
_COMPRESSED = ("h264", "hevc", "mjpeg")
_SMOOTH_RATE = Fraction(24)
_DEFAULT_PIXELS = 1920 * 1080


@dataclass(frozen=True, slots=True)
class CameraMode:
    """One way a device can deliver pictures."""

    pixel_format: str
    """FFmpeg's name of the pixel format, or of the codec where pictures come compressed."""
    width: int
    height: int
    rate: Fraction
    """Frames per second; 0 = the device does not say."""

    def __str__(self) -> str:
        """As shown in lists: ``1920x1080 nv12 60``."""
        rate = f" {float(self.rate):g}" if self.rate else ""
        return f"{self.width}x{self.height} {self.pixel_format}{rate}"


@dataclass(frozen=True, slots=True)
class Device:
    """A V4L2 capture device and what it offers; no modes where only the signal decides (HDMI and SDI cards)."""

    path: str
    name: str
    modes: tuple[CameraMode, ...]


def list_devices(folder: Path = Path("/dev")) -> list[Device]:
    """Every capture device that can be asked, in the order of their numbers."""
    found = sorted(folder.glob("video*"), key=lambda path: (len(path.name), path.name))
    devices = []
    for path in found:
        try:
            devices.append(inspect(str(path)))
        except SourceOpenError:
            continue
    return devices


def inspect(path: str) -> Device:
    """Ask one device.

    Raises:
        SourceOpenError: it is missing, may not be opened, or does not capture video.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    except OSError as error:
        raise SourceOpenError(
            f"Cannot open the device {path}: {error.strerror}. eid-stream --list-devices shows what there is."
        ) from error
    try:
        return Device(path, _name(descriptor, path), tuple(_modes(descriptor)))
    finally:
        os.close(descriptor)


def choose_mode(
    modes: tuple[CameraMode, ...],
    *,
    width: int | None = None,
    height: int | None = None,
    rate: Fraction | None = None,
    pixel_format: str | None = None,
) -> CameraMode | None:
    """The best mode for a wish: the asked size, then a smooth rate, then the largest picture up to 1080p, then raw.

    Raw formats win over compressed ones at the same size as long as they are smooth (24 frames/s or what was asked).
    None when the device names no modes.

    Raises:
        ConfigError: the device has no mode of the asked size or pixel format.
    """
    if not modes:
        return None
    fitting = [
        mode
        for mode in modes
        if (width is None or mode.width == width)
        and (height is None or mode.height == height)
        and (pixel_format is None or mode.pixel_format == pixel_format)
    ]
    if not fitting:
        offered = ", ".join(dict.fromkeys(f"{mode.width}x{mode.height} {mode.pixel_format}" for mode in modes))
        raise ConfigError(f"The device does not offer what was asked for. It offers {offered}.")
    wanted = rate or _SMOOTH_RATE

    def merit(mode: CameraMode) -> tuple[float, ...]:
        pixels = mode.width * mode.height
        size = pixels if pixels <= _DEFAULT_PIXELS or width is not None else -pixels
        distance = abs(float(mode.rate - rate)) if rate else -float(min(mode.rate, Fraction(60)))
        return (
            float(not mode.rate or mode.rate >= wanted * Fraction(95, 100)),
            size,
            -float(_PREFERENCE.get(mode.pixel_format, len(_PREFERENCE))),
            -distance,
        )

    return max(fitting, key=merit)


def demuxer_options(mode: CameraMode | None) -> dict[str, str]:
    """FFmpeg's v4l2 options that select a mode; empty where the device decides."""
    if mode is None:
        return {}
    options = {"video_size": f"{mode.width}x{mode.height}", "input_format": mode.pixel_format}
    if mode.rate:
        options["framerate"] = f"{mode.rate.numerator}/{mode.rate.denominator}"
    return options


def _name(descriptor: int, path: str) -> str:
    answer = _ask(descriptor, _QUERY_CAPABILITIES, bytes(104))
    if answer is None:
        raise SourceOpenError(f"{path} is not a video device. eid-stream --list-devices shows what there is.")
    _driver, card, _bus, _version, capabilities, device = struct.unpack_from("16s32s32sIII", answer)
    if not (device or capabilities) & _VIDEO_CAPTURE:
        raise SourceOpenError(f"{path} does not capture video. eid-stream --list-devices shows what does.")
    return str(card.split(b"\0")[0].decode(errors="replace"))


def _modes(descriptor: int) -> Iterator[CameraMode]:
    for index in range(64):
        answer = _ask(descriptor, _ENUMERATE_FORMATS, struct.pack("III", index, _VIDEO_CAPTURE, 0) + bytes(52))
        if answer is None:
            return
        fourcc = answer[44:48]
        name = _FOURCC_TO_FFMPEG.get(fourcc.decode("latin-1"))
        if name is not None:
            yield from _sizes(descriptor, fourcc, name)


def _sizes(descriptor: int, fourcc: bytes, name: str) -> Iterator[CameraMode]:
    for index in range(256):
        answer = _ask(descriptor, _ENUMERATE_SIZES, struct.pack("I4s", index, fourcc) + bytes(36))
        if answer is None:
            return
        kind, *numbers = struct.unpack_from("7I", answer, 8)
        if kind == _DISCRETE:
            yield from _rates(descriptor, fourcc, name, numbers[0], numbers[1])
        else:
            yield from _stepwise(descriptor, fourcc, name, numbers)
            return


def _stepwise(descriptor: int, fourcc: bytes, name: str, limits: list[int]) -> Iterator[CameraMode]:
    smallest_width, largest_width, _, smallest_height, largest_height, _ = limits
    for width, height in ((640, 480), (1280, 720), (1920, 1080), (3840, 2160)):
        if smallest_width <= width <= largest_width and smallest_height <= height <= largest_height:
            yield from _rates(descriptor, fourcc, name, width, height)


def _rates(descriptor: int, fourcc: bytes, name: str, width: int, height: int) -> Iterator[CameraMode]:
    for index in range(64):
        request = struct.pack("I4sII", index, fourcc, width, height) + bytes(36)
        answer = _ask(descriptor, _ENUMERATE_INTERVALS, request)
        if answer is None:
            if index == 0:
                yield CameraMode(name, width, height, Fraction(0))
            return
        kind, numerator, denominator = struct.unpack_from("3I", answer, 16)
        yield CameraMode(name, width, height, Fraction(denominator, max(numerator, 1)))
        if kind != _DISCRETE:
            return


def _ask(descriptor: int, request: int, argument: bytes) -> bytes | None:
    try:
        return fcntl.ioctl(descriptor, request, argument)
    except OSError:
        return None
