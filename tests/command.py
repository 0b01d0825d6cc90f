"""The command ``eid-stream`` as a user starts it: a process of its own."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

TIME_LIMIT_SECONDS = 60.0
Say = Callable[..., tuple[int, str]]
"""Runs the command within this process instead: exit status, and what it wrote to standard error."""


@contextmanager
def started(*arguments: str) -> "Iterator[subprocess.Popen[str]]":
    """Start the command; its standard error can be read as text. It does not outlive the block."""
    command = [sys.executable, "-m", "eid_stream", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the command to its end."""
    with started(*arguments) as process:
        out, err = process.communicate(timeout=TIME_LIMIT_SECONDS)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)


def end(process: "subprocess.Popen[str]", *signals: signal.Signals) -> tuple[int, str]:
    """Send signals, a moment between them, and wait; exit status and standard error."""
    for number in signals:
        process.send_signal(number)
        time.sleep(0.01)
    _, err = process.communicate(timeout=TIME_LIMIT_SECONDS)
    return process.returncode, err


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until something has happened in another process."""
    deadline = time.monotonic() + TIME_LIMIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def has_grown(path: Path, size: int = 1) -> Callable[[], bool]:
    """Whether a file has at least so many bytes."""
    return lambda: path.exists() and path.stat().st_size >= size
