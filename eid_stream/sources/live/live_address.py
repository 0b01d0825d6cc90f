"""Opens whatever delivers video now: devices, network streams, standard input, the screen, generators."""

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from eid_stream.core.errors import ConfigError, SourceOpenError
from eid_stream.core.ffmpeg.media_formats import STREAM_FORMATS
from eid_stream.core.host.redaction import redacted
from eid_stream.core.interfaces import Source
from eid_stream.sources.address import (
    CAMERA,
    DEVICE,
    LiveAddress,
    is_network,
    parse_network,
)
from eid_stream.sources.live.ffmpeg_program import FfmpegProgram
from eid_stream.sources.live.live_stream import LiveInput, LiveStream
from eid_stream.sources.live.opencv_camera import OpenCvCamera
from eid_stream.sources.live.reconnecting import ReconnectingSource
from eid_stream.sources.live.same_host import SameHostOpener, moved_to
from eid_stream.sources.live.v4l2 import choose_mode, demuxer_options, inspect
from eid_stream.sources.real_time import RealTimeSource


@dataclass(frozen=True, slots=True)
class CaptureWish:
    """What a device or the screen is asked for; None leaves the choice to us."""

    width: int | None = None
    height: int | None = None
    rate: Fraction | None = None
    pixel_format: str | None = None


def open_live(address: str, wish: CaptureWish | None = None) -> Source:
    """Open a live address. Devices and network streams are reconnected for ever once they have worked.

    Standard input is read by ``VideoFileSource``, also where it is watched.

    Raises:
        ConfigError: the address cannot be understood, or the device does not offer what is wished.
        SourceOpenError: nothing comes from there.
    """
    connect = _connector(address, wish or CaptureWish())
    if address.startswith("lavfi:"):
        return RealTimeSource(connect())
    return ReconnectingSource(connect)


def _connector(address: str, wish: CaptureWish) -> Callable[[], Source]:
    camera = CAMERA.fullmatch(address)
    if camera is not None:
        number = int(camera[1])
        return lambda: OpenCvCamera(number, width=wish.width, height=wish.height, rate=wish.rate)
    if DEVICE.fullmatch(address):
        return lambda: LiveStream(_device(address, wish))
    if address.startswith("srt://"):
        label, receive = redacted(address), ("-protocol_whitelist", "srt", "-i", address, "-c", "copy")
        return lambda: FfmpegProgram(label, receive, container="mpegts")
    if is_network(address):
        parsed = parse_network(address)
        return lambda: _connect(parsed, address)
    if address.startswith("lavfi:"):
        wanted = LiveInput(address, address.removeprefix("lavfi:"), "lavfi")
    elif address.startswith("screen:"):
        return lambda: FfmpegProgram(address, _screen(address, wish), container="nut", skip_backlog=False)
    else:
        raise ConfigError(f"{redacted(address)} is not the address of a live source.")
    return lambda: LiveStream(wanted)


def _device(path: str, wish: CaptureWish) -> LiveInput:
    """Ask the device anew at every connection: another signal may offer other modes."""
    mode = choose_mode(
        inspect(path).modes, width=wish.width, height=wish.height, rate=wish.rate, pixel_format=wish.pixel_format
    )
    return LiveInput(str(Path(path)), path, "v4l2", demuxer_options(mode), skip_backlog=True)


def _connect(parsed: LiveAddress, address: str) -> LiveStream:
    """Connect, also where the server has moved the stream within itself: FFmpeg would follow it to any other host."""
    try:
        return LiveStream(_network(parsed, address))
    except SourceOpenError as failure:
        sent_elsewhere = isinstance(failure.__cause__, OSError) and failure.__cause__.errno == errno.EIO
        if parsed.scheme not in ("http", "https") or parsed.listen or parsed.is_playlist or not sent_elsewhere:
            raise
        target = _moved(parsed.url)
        if target == parsed.url:
            raise
        return LiveStream(_network(parse_network(target), target))


def _moved(url: str) -> str:
    try:
        return moved_to(url)
    except PermissionError as error:
        raise SourceOpenError(f"Cannot open {redacted(url)}: {error}. Give that address, if you trust it.") from error
    except OSError:
        return url


def _network(parsed: LiveAddress, address: str) -> LiveInput:
    label = redacted(address)
    if parsed.is_playlist:
        opener = SameHostOpener(parsed.url)
        options = {"format_whitelist": f"hls,{STREAM_FORMATS},aac,webvtt", "allowed_extensions": "ALL"}
        return LiveInput(label, parsed.url, "hls", options, open_file=opener)
    options = _only(parsed.protocols) | {"fflags": "nobuffer", "analyzeduration": "2000000"}
    if parsed.scheme in ("rtsp", "rtsps"):
        options["max_delay"] = "100000"
        options |= {"rtsp_flags": "listen", "listen_timeout": "10"} if parsed.listen else {"rtsp_flags": "prefer_tcp"}
    elif parsed.listen:
        options["listen"] = "1"
    elif parsed.scheme in ("http", "https"):
        options["max_redirects"] = "0"
    return LiveInput(label, parsed.url, options=options, skip_backlog=True)


def _only(protocols: str) -> dict[str, str]:
    return {"protocol_whitelist": protocols, "format_whitelist": STREAM_FORMATS}


def _screen(address: str, wish: CaptureWish) -> tuple[str, ...]:
    """``screen:`` is the whole X11 display, ``screen::1+100,50`` a display and a corner."""
    size = ("-video_size", f"{wish.width}x{wish.height}") if wish.width and wish.height else ()
    display = address.removeprefix("screen:") or os.environ.get("DISPLAY", ":0")
    grab = ("-f", "x11grab", "-draw_mouse", "0", "-framerate", str(wish.rate or 30))
    return (*grab, *size, "-i", display, "-c:v", "rawvideo")
