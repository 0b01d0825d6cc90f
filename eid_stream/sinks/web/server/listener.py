"""The server's thread: uvicorn in an event loop of its own, beside the picture."""

import asyncio
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec

from eid_stream.core.errors import ConfigError, SinkOpenError
from eid_stream.sinks.web.viewers.commands import MOST_BYTES

if TYPE_CHECKING:
    from starlette.types import ASGIApp

Arguments = ParamSpec("Arguments")
_MOST_CONNECTIONS = 128
_PING_SECONDS = 10.0
_STARTING_SECONDS = 10.0
_CLOSING_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen."""

    host: str = "127.0.0.1"
    port: int = 0
    """0 takes a free one."""
    certificate: Path | None = None
    """TLS certificate chain and key as PEM files; None: plain HTTP."""
    key: Path | None = None


class Listener:
    """Serves an application until closed; ``port`` is where."""

    def __init__(self, app: "ASGIApp", address: Address) -> None:
        """Listen, and return when requests are answered.

        Raises:
            ConfigError: the extra ``web`` is not installed, or the TLS files cannot be used.
            SinkOpenError: the port is taken, or the address is not this machine's.
        """
        try:
            import uvicorn
        except ImportError as error:
            raise ConfigError("--web needs starlette and uvicorn: pip install 'eid-stream[web]'.") from error
        self._socket = _bound(address)
        self.port = int(self._socket.getsockname()[1])
        config = uvicorn.Config(
            app,
            loop="asyncio",
            ws="websockets-sansio",
            ws_max_size=MOST_BYTES,
            ws_max_queue=16,
            ws_ping_interval=_PING_SECONDS,
            ws_ping_timeout=_PING_SECONDS,
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_graceful_shutdown=1,
            ssl_certfile=address.certificate,
            ssl_keyfile=address.key,
        )
        try:
            config.load()
        except (OSError, ValueError) as error:
            self._socket.close()
            raise ConfigError(f"Cannot use {address.certificate} for TLS: {error}.") from error
        self._server = uvicorn.Server(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="web server", daemon=True)
        self._thread.start()
        if not self._started.wait(_STARTING_SECONDS):
            raise SinkOpenError("The server of the console did not start. Try again without --web.")

    @property
    def alive(self) -> bool:
        """Whether requests are answered."""
        return self._thread.is_alive()

    def call(
        self, function: Callable[Arguments, object], *arguments: Arguments.args, **named: Arguments.kwargs
    ) -> None:
        """Have something done in the event loop, from any thread; nothing once the server has ended."""
        try:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(lambda: function(*arguments, **named))
        except RuntimeError:  # the loop is closed
            return

    def close(self) -> None:
        """Hang up and stop serving; may be called twice."""
        self._server.should_exit = True
        self._thread.join(_CLOSING_SECONDS)
        self._socket.close()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._started.set()
        await self._server.serve(sockets=[self._socket])


def _bound(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        return socket.create_server((address.host, address.port), family=family)
    except OSError as error:
        raise SinkOpenError(
            f"Cannot serve the console at {address.host}, port {address.port}: {error.strerror}. "
            "Choose another port with --web PORT."
        ) from error
