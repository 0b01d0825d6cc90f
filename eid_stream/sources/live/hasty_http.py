"""HTTP whose answers begin within a time limit as a whole, however slowly a server drips its headers."""

import socket
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import cast
from urllib.parse import unquote, urlsplit
from urllib.request import BaseHandler, HTTPHandler, HTTPSHandler, OpenerDirector, Request, build_opener

ANSWER_SECONDS = 5.0


def hasty_opener(*handlers: BaseHandler) -> OpenerDirector:
    """An opener of ``urllib`` whose servers have ``ANSWER_SECONDS`` for status line and headers together."""
    return build_opener(_Http(), _Https(), *handlers)


def request(url: str) -> Request:
    """A request with the user and password of the address where HTTP has its place for them."""
    parts = urlsplit(url)
    login, at, host = parts.netloc.rpartition("@")
    if not at:
        return Request(url)
    credentials = b64encode(unquote(login).encode()).decode()
    return Request(parts._replace(netloc=host).geturl(), headers={"Authorization": f"Basic {credentials}"})


@contextmanager
def http_errors() -> Iterator[None]:
    """What else a server can do wrong (over 100 headers, half a status line) is a connection that failed.

    Raises:
        ConnectionError: that was the case.
    """
    try:
        yield
    except (HTTPException, ValueError) as error:
        raise ConnectionError(f"the server does not speak HTTP properly ({type(error).__name__})") from error


class _Hasty:
    sock: socket.socket | None

    def getresponse(self) -> HTTPResponse:
        """Wait for the headers; the connection is cut when they take too long."""
        timer = threading.Timer(ANSWER_SECONDS, _cut, (self.sock,))
        timer.daemon = True
        timer.start()
        try:
            return cast(HTTPResponse, super().getresponse())  # type: ignore[misc]
        finally:
            timer.cancel()


class _HastyConnection(_Hasty, HTTPConnection): ...


class _HastySecureConnection(_Hasty, HTTPSConnection): ...


class _Http(HTTPHandler):
    def http_open(self, req: Request) -> HTTPResponse:
        return self.do_open(_HastyConnection, req)


class _Https(HTTPSHandler):
    def https_open(self, req: Request) -> HTTPResponse:
        return self.do_open(_HastySecureConnection, req)


def _cut(connection: socket.socket | None) -> None:
    if connection is not None:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
