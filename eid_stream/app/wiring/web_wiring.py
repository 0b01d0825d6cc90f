"""From options to the console in the browser."""

import os
import secrets
import sys
from pathlib import Path

from eid_stream.app.options.live_options import LiveOptions
from eid_stream.core.errors import ConfigError
from eid_stream.core.frame import StreamInfo
from eid_stream.live.controls import LiveControls
from eid_stream.sinks.web.server.access import Access, is_loopback
from eid_stream.sinks.web.server.listener import Address
from eid_stream.sinks.web.web_console import WebConsole

TOKEN_VARIABLE = "EID_STREAM_WEB_TOKEN"
"""A token of the user's own, so that pages find back after a restart. Not a flag: flags can be read by everybody."""
_SHORTEST_TOKEN = 16
_TOKEN_BYTES = 24


def open_console(live: LiveOptions, port: int, controls: LiveControls, info: StreamInfo) -> WebConsole:
    """Serve the console and say where.

    Raises:
        ConfigError: the token is too short, TLS files are missing, or the extra ``web`` is not installed.
        SinkOpenError: the port is taken.
    """
    host = live.web_host
    local = is_loopback(host)
    token = "" if local else _token()
    address = Address(host, port, live.web_certificate, live.web_key)
    console = WebConsole(
        controls, info, address=address, access=Access(token, local_only=local), folder=Path(live.screenshots)
    )
    for line in _where(host, console.port, token, secure=live.web_certificate is not None):
        sys.stderr.write(f"{line}\n")
    return console


def _token() -> str:
    token = os.environ.get(TOKEN_VARIABLE) or secrets.token_urlsafe(_TOKEN_BYTES)
    if len(token) < _SHORTEST_TOKEN or not token.isascii() or not token.replace("-", "").replace("_", "").isalnum():
        raise ConfigError(f"{TOKEN_VARIABLE} needs at least {_SHORTEST_TOKEN} letters, digits, - or _.")
    return token


def _where(host: str, port: int, token: str, *, secure: bool) -> list[str]:
    shown = f"[{host}]" if ":" in host else host
    address = f"{'https' if secure else 'http'}://{shown}:{port}/"
    lines = [f"Console: {address}{f' token {token}' if token else ''}"]  # apart: of an address, secrets are hidden
    if token and not secure:
        lines.append(
            "Warning: without --web-certificate and --web-key everybody on this network can read the picture and "
            "the token, and browsers show motion JPEG."
        )
    return lines
