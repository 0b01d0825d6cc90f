"""Ctrl-C while something is being opened: within a second, with the shell's status and one sentence."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.command import end, started

pytestmark = pytest.mark.timeout(120)
ACTS_WITHIN_SECONDS = 9.0
"""A second, and more for a machine with other work; what is interrupted would go on for ten at the least."""
SENTENCE = "eid-stream: stopped before the first frame; nothing was written.\n"


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that takes connections and says nothing."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server


@pytest.mark.parametrize(
    ("scheme", "number"), [("tcp", signal.SIGINT), ("rtsp", signal.SIGINT), ("http", signal.SIGTERM)]
)
def test_an_interruption_during_opening_acts_within_a_second(
    silent: socket.socket, tmp_path: Path, scheme: str, number: signal.Signals
) -> None:
    out = tmp_path / "out.mkv"
    address = f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/feed"
    with started("--source", address, "--out", str(out), "--engine", "prior", "--no-window") as process:
        connection, _ = silent.accept()
        time.sleep(0.3)
        sent = time.monotonic()
        exit_code, err = end(process, number)
        took = time.monotonic() - sent
        connection.close()
    assert (exit_code, err) == (128 + number, SENTENCE)
    assert took < ACTS_WITHIN_SECONDS
    assert list(tmp_path.iterdir()) == []


STUCK = """
import ctypes, sys
from eid_stream.app import cli
def run(*_): print("stuck", flush=True); [ctypes.CDLL(None).sleep(10) for _ in range(3)]
cli._run = run
cli.main()
"""


def test_a_library_that_never_returns_to_python_does_not_hold_it_up() -> None:
    """The main thread sits in the C library and holds the lock of the interpreter only for a while."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", STUCK], stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "stuck\n"
        sent = time.monotonic()
        exit_code, err = end(process, signal.SIGINT)
    assert (exit_code, err) == (130, SENTENCE)
    assert time.monotonic() - sent < ACTS_WITHIN_SECONDS
