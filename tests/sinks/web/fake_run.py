"""A run behind the console that only remembers what it was told, and a client of the console without a browser."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from eid_stream.core.ffmpeg.picture_buffer import allocate
from eid_stream.core.frame import PIXEL_LAYOUTS, Colour, Frame, FrameState, StreamInfo
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.sinks.web.server.access import Access
from eid_stream.sinks.web.server.listener import Address
from eid_stream.sinks.web.web_console import WebConsole

LAYOUT = PIXEL_LAYOUTS["yuv420p"]
INFO = StreamInfo("made up", 128, 96, LAYOUT, Colour(), Fraction(1, 25), nominal_rate=Fraction(25))


@dataclass
class FakeRun:
    engine: str = "prior"
    strength: float = 1.0
    bypassed: bool = False
    trouble: str = ""
    frozen: bool = False
    recording: str = ""
    warnings: list[str] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=lambda: {"dropped": 0.0, "bypassed": 0.0})
    bookmarks: list[str] = field(default_factory=list)

    def toggle_recording(self) -> None:
        self.recording = "" if self.recording else "00:00"

    def bookmark(self, note: str) -> None:
        self.bookmarks.append(note)

    def say(self, text: str) -> None:
        self.warnings.append(text)


def frame(number: int, *, brightness: int = 120, captured_ns: int = 0) -> Frame:
    """A grey picture that was captured a little brighter."""
    original = _grey(number, brightness + 20, captured_ns)
    shown = _grey(number, brightness, captured_ns)
    return Frame(
        shown.planes,
        LAYOUT,
        Colour(),
        number,
        Fraction(1, 25),
        number,
        captured_ns,
        state=FrameState(dehazed=True),
        original=original,
        maps=HazeMaps.identity(4, 6),
        buffer=shown.buffer,
    )


def _grey(number: int, brightness: int, captured_ns: int) -> Frame:
    planes, picture = allocate(INFO.width, INFO.height, LAYOUT)
    for plane, value in zip(planes, (brightness, 128, 128), strict=True):
        plane[...] = np.uint8(value)
        plane.flags.writeable = False
    return Frame(planes, LAYOUT, Colour(), number, Fraction(1, 25), number, captured_ns, buffer=picture)


@contextmanager
def serving(
    folder: Path, run: FakeRun | None = None, *, token: str = "", address: Address | None = None
) -> Iterator[WebConsole]:
    console = WebConsole(
        run or FakeRun(),
        INFO,
        address=address or Address(),
        access=Access(token, local_only=not token),
        folder=folder,
    )
    try:
        yield console
    finally:
        console.close()


@contextmanager
def client(console: WebConsole, *, cookie: str = "", origin: str | None = None) -> Iterator[ClientConnection]:
    home = f"127.0.0.1:{console.port}"
    headers = {"Cookie": cookie} if cookie else {}
    said = Origin(f"http://{home}" if origin is None else origin)
    with connect(f"ws://{home}/live", origin=said, additional_headers=headers, proxy=None) as socket:
        yield socket


def say(socket: ClientConnection, do: str, value: object) -> None:
    socket.send(json.dumps({"do": do, "value": value}))


def watch(
    socket: ClientConnection, *, codec: str = "jpeg", original: bool = False, haze: bool = False, width: int = 0
) -> None:
    say(socket, "watch", {"codec": codec, "original": original, "haze": haze, "width": width})


def hear(socket: ClientConnection, kind: str, timeout: float = 10.0) -> dict[str, object]:
    """The next text message of a kind; everything else is passed over."""
    while True:
        message = socket.recv(timeout=timeout)
        if isinstance(message, str) and (told := json.loads(message))["type"] == kind:
            return dict(told)


def see(socket: ClientConnection, timeout: float = 10.0) -> tuple[dict[str, object], dict[str, bytes]]:
    """The next picture: what is told of it, and its parts."""
    limit = time.monotonic() + timeout
    while isinstance(message := socket.recv(timeout=max(0.0, limit - time.monotonic())), str):
        pass
    length = int.from_bytes(message[:4], "little")
    about = json.loads(message[4 : 4 + length])
    parts, at = {}, 4 + length
    for name, size in about["parts"]:
        parts[name] = message[at : at + size]
        at += size
    assert at == len(message)
    return about, parts


def settle(console: WebConsole, socket: ClientConnection) -> None:
    """Wait until the console has heard what was said before."""
    say(socket, "clock", 1.0)
    hear(socket, "clock")


def confirm(console: WebConsole, socket: ClientConnection, number: int) -> None:
    """Say that a picture was painted, and wait until that is heard."""
    say(socket, "seen", number)
    settle(console, socket)
