"""Who takes the events of an X window: OpenCV's wheel brings a library of its own that gets this wrong."""

import contextlib
import ctypes
import sys
from pathlib import Path

import cv2

_SYSTEM_LIBRARY = "libX11-xcb.so.1"
_WHEEL_LIBRARIES = "opencv_*.libs"


def give_events_to_the_window() -> None:
    """Make sure that the window learns that it is on the screen; to be called before the first one is opened.

    Qt tells the system's libX11 that it takes all events itself, through libX11-xcb, which writes into a structure
    that the two libraries share and no header describes. OpenCV's wheels bring a copy of 2018, and the structure has
    changed since (libX11 1.7): the copy writes into another field. On a busy machine libX11 then takes the first
    events, Qt never learns that its window is mapped, and the window stays black for ever. Loaded first and for all,
    the system's own libX11-xcb is the one that Qt finds. Where there is none, everything stays as it was.
    """
    if sys.platform == "linux" and _wheel_brings_its_own():
        with contextlib.suppress(OSError):
            ctypes.CDLL(_SYSTEM_LIBRARY, mode=ctypes.RTLD_GLOBAL)


def _wheel_brings_its_own() -> bool:
    packages = Path(cv2.__file__).parents[1]
    return any(True for _ in packages.glob(f"{_WHEEL_LIBRARIES}/libX11-xcb*"))
