"""Real senders and receivers on the loopback interface: FFmpeg processes and small HTTP servers."""

import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

FFMPEG = shutil.which("ffmpeg")
needs_ffmpeg = pytest.mark.skipif(FFMPEG is None, reason="the ffmpeg program is not installed")
PICTURES = "testsrc2=size=160x120:rate=25,format=yuv420p"
QUIET = ("-hide_banner", "-loglevel", "quiet", "-nostdin")
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "5", "-threads", "1", "-an")


def ffmpeg_protocols() -> list[str]:
    """What the ffmpeg program speaks; nothing where it is not installed."""
    if FFMPEG is None:
        return []
    return subprocess.run(
        [FFMPEG, "-hide_banner", "-protocols"], capture_output=True, text=True, check=True
    ).stdout.split()


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def ffmpeg(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """An FFmpeg process that is gone afterwards, whatever its state."""
    assert FFMPEG is not None
    command = [FFMPEG, *QUIET, *arguments]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


def sending(*target: str, pictures: str = PICTURES) -> tuple[str, ...]:
    """Arguments that make FFmpeg send test pictures in real time."""
    return ("-re", "-f", "lavfi", "-i", pictures, *H264, *target)


def over_rtsp(address: str) -> tuple[str, ...]:
    return ("-f", "rtsp", "-rtsp_transport", "tcp", address)


def over_udp(port: int) -> tuple[str, ...]:
    return ("-f", "mpegts", f"udp://127.0.0.1:{port}?pkt_size=1316")


class _QuietHandler(SimpleHTTPRequestHandler):
    asked: list[str]

    def __init__(self, *args: object, asked: list[str], directory: str) -> None:
        self.asked = asked
        super().__init__(*args, directory=directory)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, format: str, *args: object) -> None: ...


@contextmanager
def http_server(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """A file server: its address, and the paths it was asked for."""
    asked: list[str] = []
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_QuietHandler, asked=asked, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()
