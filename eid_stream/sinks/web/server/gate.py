"""What every request must pass before the application sees it, and what every answer carries."""

from typing import TYPE_CHECKING

from eid_stream.sinks.web.server.access import Access

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_OPEN_PATHS = ("/", "/session")
_OPEN_FOLDER = "/page/"
_HEADERS = {
    "content-security-policy": "default-src 'self'; img-src 'self' blob:; media-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class Gate:
    """Refuses foreign host names, pages of other origins, and browsers without the token.

    The page itself is open to everybody who can reach the listener: it holds nothing and asks for the token.
    """

    def __init__(self, app: "ASGIApp", access: Access) -> None:
        """Stand before ``app``."""
        self._app = app
        self._access = access

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Pass one connection on, or refuse it."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if not self._passes(scope, headers):
            await _refuse(scope, send)
            return

        async def send_with_headers(message: "Message") -> None:
            if message["type"] == "http.response.start":
                added = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
                message["headers"] = [*message.get("headers", ()), *added]
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _passes(self, scope: "Scope", headers: dict[str, str]) -> bool:
        host = headers.get("host", "")
        secure = scope["scheme"] in ("https", "wss")
        if not self._access.knows_host(host):
            return False
        speaks = scope["type"] == "websocket" or scope["method"] not in ("GET", "HEAD")
        if speaks and not self._access.same_origin(headers.get("origin", ""), host, secure=secure):
            return False
        path = scope["path"]
        return path in _OPEN_PATHS or path.startswith(_OPEN_FOLDER) or self._access.admits(headers.get("cookie", ""))


async def _refuse(scope: "Scope", send: "Send") -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    await send({"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"Not allowed from here.\n"})
