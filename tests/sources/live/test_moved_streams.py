"""A stream that its server has moved is followed within the server and nowhere else."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from eid_stream.core.errors import SourceOpenError
from eid_stream.sources.live.live_address import open_live
from tests.media.writing import Clip, write_clip


@contextmanager
def moving_server(content: bytes, moved: dict[str, str]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            target = moved.get(self.path)
            self.send_response(302 if target else 200)
            if target:
                self.send_header("Location", target)
            self.end_headers()
            if not target:
                self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_stream_moved_within_its_server_is_found(tmp_path: Path) -> None:
    content = write_clip(tmp_path / "clip.ts", Clip(frames=30)).read_bytes()
    with (
        moving_server(content, {"/old": "/older", "/older": "new.ts"}) as address,
        closing(open_live(f"{address}/old")) as source,
    ):
        assert source.info.width == 96


def test_a_stream_moved_to_another_port_is_not(tmp_path: Path) -> None:
    content = write_clip(tmp_path / "clip.ts", Clip(frames=30)).read_bytes()
    with (
        moving_server(content, {}) as theirs,
        moving_server(b"", {"/old": f"{theirs}/new.ts"}) as ours,
        pytest.raises(SourceOpenError, match="outside its own host"),
    ):
        open_live(f"{ours}/old")
