"""Who may see and steer: names of the host, origins, and the token of listeners that others can reach."""

import hmac
import ipaddress
import json
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

COOKIE = "eid-stream"
_LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
_LONGEST_TOKEN = 256


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a listener on ``host``."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True, slots=True)
class Access:
    """The rules of one listener."""

    token: str = ""
    """What a browser must know; empty on a loopback listener, where whoever is on this machine may look."""
    local_only: bool = True

    def knows_host(self, host: str) -> bool:
        """Whether a Host header may be ours: a foreign name that was made to point here is refused."""
        name = urlsplit(f"//{host}").hostname
        return bool(name) and (not self.local_only or name in _LOCAL_NAMES)

    def same_origin(self, origin: str, host: str, *, secure: bool) -> bool:
        """Whether a page that speaks came from here; browsers always say where a page came from."""
        return origin == f"{'https' if secure else 'http'}://{host}"

    def knows_token(self, token: str) -> bool:
        """Whether a token is ours, in constant time."""
        return len(token) <= _LONGEST_TOKEN and hmac.compare_digest(token.encode(), self.token.encode())

    def admits(self, cookies: str) -> bool:
        """Whether a Cookie header opens the door."""
        if not self.token:
            return True
        try:
            morsel = SimpleCookie(cookies).get(COOKIE)
        except CookieError:
            return False
        return morsel is not None and self.knows_token(morsel.value)

    def cookie(self, *, secure: bool) -> str:
        """The Set-Cookie header of a browser that knows the token: never shown to scripts or other sites."""
        return f"{COOKIE}={self.token}; Path=/; HttpOnly; SameSite=Strict{'; Secure' if secure else ''}"


def token_in(body: bytes) -> str:
    """The token in a request such as ``{"token": "..."}``; empty where there is none."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    token = told.get("token") if isinstance(told, dict) else None
    return token if isinstance(token, str) else ""
