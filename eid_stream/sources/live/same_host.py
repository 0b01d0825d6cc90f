"""HTTP from one host and port only: the parts of a network playlist, and where an address was moved to."""

import io
import time
from http.client import HTTPResponse
from typing import IO, cast
from urllib.error import HTTPError
from urllib.parse import urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector

from eid_stream.core.host.redaction import redacted
from eid_stream.sources.live.hasty_http import ANSWER_SECONDS, hasty_opener, http_errors, request

LARGEST_PLAYLIST_BYTES = 1 << 20
_PLAYLIST = b"#EXTM3U"
_MASTER_TAGS = (b"#EXT-X-STREAM-INF", b"#EXT-X-MEDIA:", b"#EXT-X-I-FRAME-STREAM-INF")
_PIECE_BYTES = 1 << 16
_MOST_MOVES = 5
Origin = tuple[str, str, int | None]


class SameHostOpener:
    """FFmpeg's ``io_open`` for a playlist: HTTP(S) from one host and port, nothing from files or elsewhere.

    Playlists are read here and looked at before FFmpeg is: one that names further playlists may only come first, as
    FFmpeg aborts the process on another. Until ``opened`` everything together has ``open_seconds``, however slowly a
    sender drips; after ``close`` nothing more is read.
    """

    def __init__(self, address: str, *, open_seconds: float = 10.0) -> None:
        """Allow the host and port of ``address``."""
        self._origin = _origin(address)
        self._until: float | None = time.monotonic() + open_seconds
        self._closed = False
        self._playlists = 0
        self._opener = hasty_opener(_RefuseOtherHosts(self._origin))

    def __call__(self, url: str, flags: int, options: dict[str, str]) -> IO[bytes]:
        """Open ``url`` for reading.

        Raises:
            PermissionError: it lies elsewhere, or is a playlist that FFmpeg cannot be given.
            OSError: it cannot be had.
        """
        del flags, options
        self.check()
        _require(url, self._origin)
        with http_errors():
            response = self._opener.open(request(url), timeout=ANSWER_SECONDS)
        body = _Body(cast(HTTPResponse, response), self)
        return cast(IO[bytes], self._read_playlist(body) if body.starts_with(_PLAYLIST) else body)

    def opened(self) -> None:
        """The first pictures have come: from now on FFmpeg's reader and its watchers measure time."""
        self._until = None

    def close(self) -> None:
        """End whoever reads, at the next piece that comes."""
        self._closed = True

    def check(self) -> None:
        """Refuse to go on once it has taken too long, or nobody wants it any more.

        Raises:
            TimeoutError: one of these.
        """
        if self._closed or (self._until is not None and time.monotonic() > self._until):
            raise TimeoutError("the playlist and its parts come too slowly")

    def _read_playlist(self, body: "_Body") -> io.BytesIO:
        content = b"".join(iter(lambda: body.read(_PIECE_BYTES), b""))
        self._playlists += 1
        if self._playlists > 1 and any(tag in content for tag in _MASTER_TAGS):
            raise PermissionError("a playlist of playlists stands inside another one")
        return io.BytesIO(content)


class _Body:
    """What a server answers, piece by piece as it comes."""

    def __init__(self, response: HTTPResponse, opener: SameHostOpener) -> None:
        self._response = response
        self._opener = opener
        self._ahead = b""
        self._is_playlist = False
        self._length = 0

    def starts_with(self, mark: bytes) -> bool:
        while len(self._ahead) < len(mark) + 3 and (piece := self._piece(_PIECE_BYTES)):
            self._ahead += piece
        self._is_playlist = self._ahead.removeprefix(b"\xef\xbb\xbf").startswith(mark)
        return self._is_playlist

    def read(self, size: int = -1) -> bytes:
        if self._ahead:
            size = len(self._ahead) if size < 0 else size
            piece, self._ahead = self._ahead[:size], self._ahead[size:]
            return piece
        return self._piece(size if size > 0 else _PIECE_BYTES)

    def close(self) -> None:
        self._response.close()

    def _piece(self, size: int) -> bytes:
        self._opener.check()
        with http_errors():
            piece = self._response.read1(size)
        self._length += len(piece)
        if self._is_playlist and self._length > LARGEST_PLAYLIST_BYTES:
            raise PermissionError("the playlist is too long")
        return piece


def moved_to(address: str) -> str:
    """Where a server says that an address has moved to, on the same host; the address itself if it says nothing.

    Raises:
        PermissionError: it is on another host.
        OSError: the server cannot be asked.
    """
    opener = hasty_opener(_StayPut())
    for _ in range(_MOST_MOVES):
        location = _location(opener, address)
        if location is None:
            return address
        target = urljoin(address, location)
        _require(target, _origin(address))
        address = target
    raise PermissionError("the server sends round in circles")


def _location(opener: OpenerDirector, address: str) -> str | None:
    try:
        with http_errors(), opener.open(request(address), timeout=ANSWER_SECONDS):
            return None
    except HTTPError as error:
        if not 300 <= error.code < 400:
            raise
        return error.headers.get("Location")


class _RefuseOtherHosts(HTTPRedirectHandler):
    def __init__(self, origin: Origin) -> None:
        self._origin = origin

    def redirect_request(self, req, fp, code, msg, headers, newurl):  # type: ignore[no-untyped-def]
        _require(newurl, self._origin)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _StayPut(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Nowhere: an answer that sends elsewhere becomes an ``HTTPError``."""


def _require(url: str, origin: Origin) -> None:
    if _origin(url) != origin:
        raise PermissionError(f"it refers to {redacted(url)}, outside its own host")


def _origin(url: str) -> Origin:
    """Scheme, host and port.

    Raises:
        PermissionError: there is no telling.
    """
    try:
        parts = urlsplit(url)
        scheme = parts.scheme.lower()
        return scheme, (parts.hostname or "").lower(), parts.port or {"http": 80, "https": 443}.get(scheme)
    except ValueError as error:
        raise PermissionError(f"it refers to {redacted(url)}, which is no address") from error
