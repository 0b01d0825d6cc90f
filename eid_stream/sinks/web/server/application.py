"""The pages, files and the one WebSocket of the console."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp
from starlette.websockets import WebSocket, WebSocketDisconnect

from eid_stream.sinks.web.server.access import Access, token_in
from eid_stream.sinks.web.server.gate import Gate
from eid_stream.sinks.web.server.saved_files import SavedFiles
from eid_stream.sinks.web.viewers.audience import Audience
from eid_stream.sinks.web.viewers.commands import Command, NonsenseError, Patience, read_command
from eid_stream.sinks.web.viewers.viewer import Viewer

PAGE = Path(__file__).parents[1] / "page"
_MOST_BODY_BYTES = 1024
_WRONG_TOKEN_PAUSE_SECONDS = 0.5


class Desk(Protocol):
    """Does what viewers ask for."""

    def do(self, viewer: Viewer, command: Command) -> None:
        """Obey a command, or tell the viewer why not. Called in the event loop; returns at once."""
        ...


class ConsoleApplication:
    """Answers browsers; ``app`` is what a server serves."""

    def __init__(self, access: Access, audience: Audience, desk: Desk, files: SavedFiles) -> None:
        """Put the routes together behind the gate."""
        self._access = access
        self._audience = audience
        self._desk = desk
        self._files = files
        routes = [
            Route("/", self._page),
            Route("/session", self._session, methods=["POST"]),
            Route("/recordings", self._recordings),
            Route("/recordings/{name}", self._recording),
            WebSocketRoute("/live", self._live),
            Mount("/page", StaticFiles(directory=PAGE)),
        ]
        self.app: ASGIApp = Gate(Starlette(routes=routes), access)

    async def _page(self, _: Request) -> Response:
        return FileResponse(PAGE / "console.html")

    async def _session(self, request: Request) -> Response:
        """Exchange the token for a cookie. A wrong one is answered late, so that guessing takes for ever."""
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > _MOST_BODY_BYTES:
                return Response(status_code=413)
        if not self._access.knows_token(token_in(body)):
            await asyncio.sleep(_WRONG_TOKEN_PAUSE_SECONDS)
            return Response(status_code=403)
        return Response(
            status_code=204, headers={"set-cookie": self._access.cookie(secure=request.url.scheme == "https")}
        )

    async def _recordings(self, _: Request) -> Response:
        saved = await run_in_threadpool(self._files.listed)
        return JSONResponse([{"name": s.name, "bytes": s.size_bytes, "modified": s.modified} for s in saved])

    async def _recording(self, request: Request) -> Response:
        found = self._files.find(request.path_params["name"])
        if found is None:
            return Response(status_code=404)
        path, media_type = found
        how = "inline" if "play" in request.query_params else "attachment"
        return FileResponse(path, media_type=media_type, filename=path.name, content_disposition_type=how)

    async def _live(self, socket: WebSocket) -> None:
        address = socket.client.host if socket.client else "?"
        viewer = self._audience.join(address)
        if viewer is None:
            await socket.close(1013)
            return
        await socket.accept()
        sending = asyncio.create_task(_send(socket, viewer))
        try:
            await self._listen(socket, viewer)
        except WebSocketDisconnect:
            pass
        finally:
            self._audience.leave(viewer)
            sending.cancel()
            with suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):
                await sending

    async def _listen(self, socket: WebSocket, viewer: Viewer) -> None:
        patience = Patience()
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if not patience.allows_message():
                await socket.close(1008)
                return
            try:
                self._desk.do(viewer, read_command(message.get("text") or ""))
            except NonsenseError:
                if not patience.allows_nonsense():
                    await socket.close(1008)
                    return


async def _send(socket: WebSocket, viewer: Viewer) -> None:
    """Send whatever waits for a viewer; waits where the network does, and ends with the connection."""
    with suppress(WebSocketDisconnect, RuntimeError):
        while True:
            message = await viewer.next()
            if isinstance(message, str):
                await socket.send_text(message)
            else:
                await socket.send_bytes(message)
