"""Servers on the loopback interface that do what no honest sender does."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

DRIP_SECONDS = 0.25
"""Between two bytes of a server that drips: fast enough that no time-out of a socket ends it."""
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n"
_MASTER = b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n"
_MEDIA = b"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXTINF:1.0,\n%s\n#EXT-X-ENDLIST\n"
_MANY_HEADERS = b"HTTP/1.1 200 OK\r\n" + b"X-A: 1\r\n" * 300 + b"\r\n"
_CONCAT = b"ffconcat version 1.0\nfile /etc/hostname\n"
_LONG = b"#EXTM3U\n" + b"#x\n" * 10**6
_PLAYLIST = "http://127.0.0.1:{port}/a.m3u8"
_STREAM = "http://127.0.0.1:{port}/feed"
_ELSEWHERE = b"http://127.0.0.1:{elsewhere}/a.ts"
_MATROSKA = b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x88matroska"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server sends: at once, then byte by byte, then for ever what it ended with, or nothing."""

    at_once: bytes = b""
    dripped: bytes = b""
    for_ever: bytes = b""


Reply = Callable[[bytes, bytes], Answer]
"""What a server answers, from the first bytes of a request and the port of a second server, which nobody may visit."""


@dataclass(frozen=True, slots=True)
class Case:
    """One attack: the address to open, with ``{port}`` in it, what its server replies, what the refusal must say."""

    address: str
    reply: Reply
    says: str = ""


def _always(**answer: bytes) -> Reply:
    return lambda _request, _elsewhere: Answer(**answer)


def _moved(target: bytes) -> Reply:
    found = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: %s\r\n\r\n"
    return lambda _request, elsewhere: Answer(found % target.replace(b"{elsewhere}", elsewhere))


def _refers(target: bytes) -> Reply:
    def reply(request: bytes, elsewhere: bytes) -> Answer:
        return Answer(OK + _MEDIA % target.replace(b"{elsewhere}", elsewhere) if b"/a." in request else OK)

    return reply


def _nested(request: bytes, _: bytes) -> Answer:
    return Answer(OK + _MASTER + (b"inner.m3u8\n" if b"/outer" in request else b"innermost.m3u8\n"))


def _late_master(request: bytes, _: bytes) -> Answer:
    return Answer(OK + (_MEDIA % b"inner.m3u8" if b"/outer" in request else _MASTER + b"x.m3u8\n"))


def _dripping_part(request: bytes, _: bytes) -> Answer:
    return Answer(OK + _MEDIA % b"part.ts") if b".m3u8" in request else Answer(OK, b"\x47" + bytes(187), b"\x47")


CASES = {
    "headers that drip": Case(_STREAM, _always(dripped=OK * 50)),
    "a body that drips": Case(_STREAM, _always(at_once=OK, dripped=b"G", for_ever=b"G")),
    "Matroska that drips": Case(_STREAM, _always(at_once=OK + _MATROSKA, for_ever=b"\0")),
    "FLV that drips": Case(_STREAM, _always(at_once=OK + b"FLV\1\5\0\0\0\t", for_ever=b"\0")),
    "TCP that drips": Case("tcp://127.0.0.1:{port}", _always(for_ever=b"G")),
    "RTSP that drips": Case("rtsp://127.0.0.1:{port}/a", _always(dripped=b"RTSP/1.0 200 OK\r\n" * 50)),
    "RTMP that drips": Case("rtmp://127.0.0.1:{port}/a/b", _always(for_ever=b"\3")),
    "a server that says nothing": Case(_STREAM, _always()),
    "a playlist that drips": Case(_PLAYLIST, _always(at_once=OK, dripped=b"#EXTM3U\n" * 99)),
    "a playlist with headers that drip": Case(_PLAYLIST, _always(dripped=OK * 50)),
    "a part that drips": Case(_PLAYLIST, _dripping_part),
    "a playlist without end": Case(_PLAYLIST, _always(at_once=OK + _LONG)),
    "a master playlist in a master playlist": Case("http://127.0.0.1:{port}/outer.m3u8", _nested, "playlist"),
    "a master playlist as a part": Case("http://127.0.0.1:{port}/outer.m3u8", _late_master),
    "a playlist of itself": Case("http://127.0.0.1:{port}/outer.m3u8", _always(at_once=OK + _MASTER + b"outer.m3u8\n")),
    "a playlist of files": Case(_PLAYLIST, _refers(b"file:///etc/hostname")),
    "a playlist of paths": Case(_PLAYLIST, _refers(b"/../../etc/hostname")),
    "a playlist of another host": Case(_PLAYLIST, _refers(_ELSEWHERE)),
    "a playlist of data": Case(_PLAYLIST, _refers(b"data:video/mp2t;base64,R0dHRw==")),
    "a playlist of half an address": Case(_PLAYLIST, _refers(b"http://[::1")),
    "a concat list as a stream": Case(_STREAM, _always(at_once=OK + _CONCAT)),
    "a playlist under another name": Case("http://127.0.0.1:{port}/a.mp4", _refers(_ELSEWHERE)),
    "moved to another host": Case(_STREAM, _moved(_ELSEWHERE), "own host"),
    "a playlist moved to another host": Case(_PLAYLIST, _moved(_ELSEWHERE)),
    "moved to a file": Case(_STREAM, _moved(b"file:///etc/hostname"), "own host"),
    "moved in circles": Case(_STREAM, _moved(b"/feed"), "circles"),
    "moved to half an address": Case(_STREAM, _moved(b"http://[::1")),
    "over 100 headers": Case(_PLAYLIST, _always(at_once=_MANY_HEADERS)),
    "over 100 headers of a stream": Case(_STREAM, _always(at_once=_MANY_HEADERS)),
    "a header without end": Case(_PLAYLIST, _always(at_once=b"HTTP/1.1 200 OK\r\nX: ", for_ever=b"a" * 4096)),
    "no HTTP at all": Case(_PLAYLIST, _always(at_once=b"220 ftp ready\r\n")),
    "half a status line": Case(_PLAYLIST, _always(at_once=b"HTTP/")),
    "a port that is none": Case("http://127.0.0.1:99999/a.m3u8", _always()),
    "half an address": Case("http://[::1", _always()),
    "a host that is none": Case("http://a..b/feed", _always()),
    "no host": Case("http:///feed", _always()),
}


@contextmanager
def serving(reply: Reply) -> Iterator[tuple[int, list[bytes]]]:
    """A hostile server: its port, and what was asked of the host elsewhere that nobody may be sent to."""
    stop = threading.Event()
    visitors: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as elsewhere, socket.create_server(("127.0.0.1", 0)) as server:
        other = b"%d" % elsewhere.getsockname()[1]

        def answer_one(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                connection.settimeout(0.5)
                with suppress(TimeoutError):
                    request = b""
                    request = connection.recv(4096)
                connection.settimeout(5)
                _send(connection, reply(request, other), stop)

        def note(connection: socket.socket) -> None:
            visitors.append(b"somebody came")
            connection.close()

        for listener, serve in ((server, answer_one), (elsewhere, note)):
            threading.Thread(target=_accept, args=(listener, serve, stop), daemon=True).start()
        try:
            yield server.getsockname()[1], visitors
        finally:
            stop.set()


def _accept(listener: socket.socket, serve: Callable[[socket.socket], None], stop: threading.Event) -> None:
    with suppress(OSError):
        while not stop.is_set():
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()


def _send(connection: socket.socket, answer: Answer, stop: threading.Event) -> None:
    connection.sendall(answer.at_once)
    for byte in answer.dripped:
        if stop.wait(DRIP_SECONDS):
            return
        connection.sendall(bytes([byte]))
    while answer.for_ever and not stop.wait(DRIP_SECONDS if len(answer.for_ever) == 1 else 0.001):
        connection.sendall(answer.for_ever)
    if not (answer.at_once or answer.dripped):
        stop.wait()
