"""A real browser, and the command with its console, for tests that look at the page as a viewer does."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

CHROMIUM = shutil.which("chromium")
needs_browser = pytest.mark.skipif(
    CHROMIUM is None or importlib.util.find_spec("playwright") is None,
    reason="Chromium or playwright is not installed",
)
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_SECONDS = 60.0
_ADDRESS = re.compile(r"Console: (\S+)(?: token (\S+))?")
SOURCE = (
    "lavfi:gradients=size=320x180:rate=10:c0=0x806050:c1=0xc0b0a0:nb_colors=2:seed=1:speed=0.00001,"
    "format=yuv420p,noise=c0s=4:c0f=t"
)
"""Veiled pictures with noise, so that no two are alike."""


@contextmanager
def browser(*flags: str) -> "Iterator[BrowserContext]":
    """Chromium without a screen, with a fresh profile."""
    from playwright.sync_api import sync_playwright

    with (
        sync_playwright() as playwright,
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
    ):
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=CHROMIUM,
            headless=True,
            args=[*FLAGS, *flags],
            viewport={"width": 1280, "height": 800},
        )
        try:
            yield context
        finally:
            context.close()


class ConsoleRun:
    """``eid-stream --web`` in a process of its own; ``address`` is where its console is."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.address = ""
        self.said = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        wait_for(lambda: self.address or process.poll() is not None, "the console never told its address")
        assert self.address, self.said

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said += line
            if found := _ADDRESS.search(line):
                self.address = found[1] + (f"#{found[2]}" if found[2] else "")

    def end(self) -> int:
        """Ask for an orderly end; the exit status."""
        self.process.terminate()
        return self.process.wait(timeout=PATIENCE_SECONDS)


@contextmanager
def console(folder: Path, source: str, *arguments: str, port: int = 0, engine: str = "prior") -> Iterator[ConsoleRun]:
    """Run the command with its console; killed afterwards if it still runs."""
    command = [sys.executable, "-m", "eid_stream", "--source", source, "--web", str(port), "--no-window"]
    command += ["--engine", engine, "--screenshots", str(folder), *arguments]
    command += ["--deadline", "1000", "--map-age-limit", "30000", "--latency-limit", "30000"]  # test machines are busy
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield ConsoleRun(process)
        finally:
            process.kill()


def wait_for(look: Callable[[], object], what: str, seconds: float = PATIENCE_SECONDS) -> Any:
    """Look again and again until something is there."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(what)


def mark(page: "Page") -> str:
    """What the page says the picture is: enhanced, original, waiting."""
    return str(page.get_attribute("#mark", "data-state"))


def wait_for_mark(page: "Page", wanted: str) -> None:
    wait_for(lambda: mark(page) == wanted, f"the picture never became {wanted}")


def pixels(page: "Page") -> NDArray[np.uint8]:
    """The picture on the canvas, RGB, 32 x 18 points of it."""
    told = page.evaluate(
        """() => {
            const small = document.createElement('canvas');
            [small.width, small.height] = [32, 18];
            const context = small.getContext('2d');
            context.drawImage(document.getElementById('picture'), 0, 0, 32, 18);
            return [...context.getImageData(0, 0, 32, 18).data];
        }"""
    )
    return np.array(told, np.uint8).reshape(18, 32, 4)[:, :, :3]


def painted(page: "Page") -> int:
    return int(page.evaluate("() => window.paintedNumber ?? -1"))


def codec(page: "Page") -> str:
    """By what name the browser knows the next picture's form: jpeg, or avc1 and so on."""
    told = """() => new Promise(told =>
        window.addEventListener('painted', event => told(event.detail.codec), { once: true }))"""
    return str(page.evaluate(told))
