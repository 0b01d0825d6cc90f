"""Where the monitors are."""

import ctypes
import ctypes.util
import os
import re
import shutil
import subprocess
import sys

from eid_stream.core.errors import ConfigError, SinkOpenError
from eid_stream.sinks.window.view import Place

_MONITOR = re.compile(r"^\s*\d+:\s+\S+\s+(\d+)/\d+x(\d+)/\d+\+(-?\d+)\+(-?\d+)", re.MULTILINE)


def has_display() -> bool:
    """Whether a window can be opened."""
    if sys.platform != "linux" or os.environ.get("WAYLAND_DISPLAY"):
        return True
    asked = ctypes.util.find_library("X11") is not None
    return bool(os.environ.get("DISPLAY")) and (not asked or bool(_whole_display()))


def check_display() -> None:
    """Make sure that a window can be opened: the window library ends the whole process where it cannot.

    Raises:
        SinkOpenError: there is no display.
    """
    if not has_display():
        raise SinkOpenError(
            "Cannot open a window: there is no display. Work without one: add --out clear.mkv or --out null:."
        )


def find_monitor(number: int) -> Place | None:
    """Monitor ``number``, counted from 0 as ``xrandr --listmonitors`` does; None where monitors cannot be listed.

    Raises:
        ConfigError: there are fewer monitors.
    """
    monitors = _listed() or _whole_display()
    if monitors and number >= len(monitors):
        shown = ", ".join(f"{index}: {m.width}x{m.height}" for index, m in enumerate(monitors))
        raise ConfigError(f"There is no monitor {number}. Choose one of {shown}.")
    return monitors[number] if monitors else None


def _listed() -> list[Place]:
    if shutil.which("xrandr") is None:
        return []
    answer = subprocess.run(["xrandr", "--listmonitors"], capture_output=True, text=True, timeout=5, check=False)
    return [
        Place(int(left), int(top), int(width), int(height))
        for width, height, left, top in _MONITOR.findall(answer.stdout)
    ]


def _whole_display() -> list[Place]:
    """The X display as one monitor, asked without any program."""
    name = ctypes.util.find_library("X11")
    if name is None:
        return []
    x11 = ctypes.CDLL(name)
    x11.XOpenDisplay.restype = ctypes.c_void_p
    display = x11.XOpenDisplay(None)
    if not display:
        return []
    pointer = ctypes.c_void_p(display)
    place = Place(0, 0, int(x11.XDisplayWidth(pointer, 0)), int(x11.XDisplayHeight(pointer, 0)))
    x11.XCloseDisplay(pointer)
    return [place]
