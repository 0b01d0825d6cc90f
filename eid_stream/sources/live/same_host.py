"""Opens the parts of a network playlist, from the playlist's own host only."""

from typing import IO
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from eid_stream.core.redaction import redacted


class SameHostOpener:
    """FFmpeg's ``io_open`` for a playlist: HTTP(S) from one host and port, nothing from files or elsewhere."""

    def __init__(self, address: str, *, timeout_seconds: float = 5.0) -> None:
        """Allow the host and port of ``address``."""
        self._origin = _origin(address)
        self._timeout_seconds = timeout_seconds
        self._opener = build_opener(_RefuseOtherHosts(self._origin))

    def __call__(self, url: str, flags: int, options: dict[str, str]) -> IO[bytes]:
        """Open ``url`` for reading.

        Raises:
            PermissionError: it lies elsewhere.
            OSError: it cannot be had.
        """
        del flags, options
        _check(url, self._origin)
        return self._opener.open(Request(url), timeout=self._timeout_seconds)  # type: ignore[no-any-return]


class _RefuseOtherHosts(HTTPRedirectHandler):
    def __init__(self, origin: tuple[str, str, int | None]) -> None:
        self._origin = origin

    def redirect_request(self, req, fp, code, msg, headers, newurl):  # type: ignore[no-untyped-def]
        _check(newurl, self._origin)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _check(url: str, origin: tuple[str, str, int | None]) -> None:
    if _origin(url) != origin:
        raise PermissionError(f"the playlist refers to {redacted(url)}, outside its own host") from URLError(url)


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").lower(), parts.port or {"http": 80, "https": 443}.get(scheme)
