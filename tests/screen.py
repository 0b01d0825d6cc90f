"""A real X server without a monitor, the command in a window on it, keys from xdotool, screenshots read back."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.senders import FFMPEG, QUIET

Picture = NDArray[np.uint8]
Found = TypeVar("Found")
SCREEN = 1280, 720
PATIENCE_SECONDS = 90.0
GREEN, AMBER, RED = (120, 220, 120), (0, 190, 255), (60, 60, 255)
"""BGR of the marks."""
needs_screen = pytest.mark.skipif(
    not all(map(shutil.which, ("Xvfb", "xdotool", "ffmpeg"))), reason="Xvfb, xdotool or ffmpeg is not installed"
)


@contextmanager
def virtual_screen() -> Iterator[str]:
    """The display name of a fresh X server."""
    read, write = os.pipe()
    size = f"{SCREEN[0]}x{SCREEN[1]}x24"
    # Without -noreset it starts anew when its only client leaves, xdotool for one, and turns away who comes meanwhile.
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", size, "-nolisten", "tcp", "-noreset"]
    with subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL) as server:
        os.close(write)
        with os.fdopen(read) as told:
            display = f":{told.readline().strip()}"
        try:
            yield display
        finally:
            server.terminate()


class WindowRun:
    """``eid-stream`` running in a window."""

    def __init__(self, display: str, process: "subprocess.Popen[str]", stats: Path) -> None:
        self._display = display
        self._environment = os.environ | {"DISPLAY": display}
        self._stats = stats
        self._identity = ""
        self.process = process

    def find(self) -> None:
        def found() -> str:
            if self.process.poll() is not None:
                raise AssertionError(f"the command ended: {self.process.communicate()[1]}")
            return self._tool("search", "--onlyvisible", "--name", "^eid-stream$").strip()

        self._identity = self.wait_for(found, "the window never came").splitlines()[-1]

    def key(self, name: str) -> None:
        """Press a key; wait for what it does before the next: OpenCV sees only the last of those that come together."""
        self._tool("windowfocus", "--sync", self._identity, "key", name)

    def hold(self, name: str) -> None:
        self._tool("windowfocus", "--sync", self._identity, "keydown", name)

    def release(self, name: str) -> None:
        self._tool("keyup", name)

    def screenshot(self) -> Picture:
        return screenshot(self._display)

    def wait_for_picture(self, wanted: Callable[[Picture], object], what: str) -> Picture:
        def seen() -> Picture | None:
            picture = self.screenshot()
            if wanted(picture):
                return picture
            cv2.imwrite(str(self._stats.with_name("last seen.png")), picture)
            return None

        return self.wait_for(seen, what)

    def wait_for_mark(self, colour: tuple[int, int, int]) -> Picture:
        return self.wait_for_picture(lambda picture: mark_colour(picture) == colour, f"no mark in {colour}")

    def wait_for(self, look: Callable[[], Found | None], what: str) -> Found:
        limit = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < limit:
            found = look()
            if found is not None and (not isinstance(found, str) or found):
                return found
            time.sleep(0.1)
        raise AssertionError(what)

    def quit(self, *, exit_codes: Sequence[int] = (0,)) -> dict[str, Any]:
        self.key("q")
        _, said = self.process.communicate(timeout=PATIENCE_SECONDS)
        assert self.process.returncode in exit_codes, said
        return dict(json.loads(self._stats.read_text()))

    def _tool(self, *arguments: str) -> str:
        command = ["xdotool", *arguments]
        return subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False).stdout


@contextmanager
def in_window(
    display: str, folder: Path, *arguments: str, program: Sequence[str] = (), map_age_limit: int = 30_000
) -> Iterator[WindowRun]:
    """Run the command, or ``program`` with its arguments; killed afterwards if it still runs."""
    stats = folder / "stats.json"
    command = [*(program or (sys.executable, "-m", "eid_stream")), *arguments]
    command += ["--engine", "prior", "--screenshots", str(folder), "--stats", str(stats)]
    # machines that run tests are busy
    command += ["--deadline", "1000", "--map-age-limit", str(map_age_limit), "--latency-limit", "30000"]
    environment = os.environ | {"DISPLAY": display, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        run = WindowRun(display, process, stats)
        try:
            run.find()
            yield run
        finally:
            process.kill()


def screenshot(display: str) -> Picture:
    """Everything on the screen, BGR."""
    width, height = SCREEN
    grab = ["-f", "x11grab", "-draw_mouse", "0", "-video_size", f"{width}x{height}", "-i", display]
    raw = ["-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "bgr24", "-"]
    command = [str(FFMPEG), *QUIET, *grab, *raw]
    taken = subprocess.run(command, capture_output=True, timeout=PATIENCE_SECONDS, check=True).stdout
    return np.frombuffer(taken, np.uint8).reshape(height, width, 3)


def count(picture: Picture, colour: tuple[int, int, int], *, rows: slice, columns: slice) -> int:
    """Pixels of a mark's colour."""
    part = picture[rows, columns].astype(int)
    return int((np.abs(part - np.array(colour)).max(axis=2) < 60).sum())


def mark_colour(picture: Picture) -> tuple[int, int, int] | None:
    """Colour of the mark in the window's upper left corner: green = enhanced, amber = original."""
    corner = {"rows": slice(0, 40), "columns": slice(0, 420)}
    found = {colour: count(picture, colour, **corner) for colour in (GREEN, AMBER)}
    best = max(found, key=lambda colour: found[colour])
    return best if found[best] > 20 else None
