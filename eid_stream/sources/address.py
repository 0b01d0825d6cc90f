"""What an address is, and what a live one may do."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from eid_stream.core.errors import ConfigError
from eid_stream.core.host.redaction import redacted

_PROTOCOLS = {
    "rtsp": "rtsp,rtp,udp,tcp",
    "rtsps": "rtsps,rtsp,rtp,srtp,udp,tls,tcp",
    "rtmp": "rtmp,tcp",
    "rtmps": "rtmps,rtmp,tls,tcp",
    "http": "http,tcp",
    "https": "https,http,tls,tcp",
    "udp": "udp",
    "rtp": "rtp,udp",
    "tcp": "tcp",
    "srt": "srt",
}
"""Protocols FFmpeg may use for an address, by its scheme: what the address needs and nothing that reads files."""
CAMERA = re.compile(r"camera:(\d+)")
DEVICE = re.compile(r"/dev/video\d+|/dev/v4l/.+")


@dataclass(frozen=True, slots=True)
class LiveAddress:
    """A network address split into what FFmpeg opens and what is allowed on the way."""

    url: str
    """What FFmpeg opens, credentials included: never to be printed."""
    scheme: str
    listen: bool
    """Wait for a sender to connect instead of connecting (asked for by ``listen=1`` in the query)."""

    @property
    def protocols(self) -> str:
        """FFmpeg's ``protocol_whitelist`` for this address."""
        return _PROTOCOLS[self.scheme]

    @property
    def is_playlist(self) -> bool:
        """Whether the address names an HLS playlist."""
        return self.scheme in ("http", "https") and urlsplit(self.url).path.lower().endswith((".m3u8", ".m3u"))


def scheme_of(address: str) -> str:
    """The scheme in front of ``://`` in lower case; empty without one."""
    return address.partition("://")[0].lower() if "://" in address else ""


def is_network(address: str) -> bool:
    """Whether an address names a stream on a network rather than a file, a device or a generator."""
    return scheme_of(address) in _PROTOCOLS


def is_live(address: str) -> bool:
    """Whether an address names something that delivers video now; files and ``phantom:`` are not."""
    return (
        address == "-"
        or address.startswith(("lavfi:", "screen:"))
        or bool(CAMERA.fullmatch(address) or DEVICE.fullmatch(address))
        or is_network(address)
    )


def parse_network(address: str) -> LiveAddress:
    """Split a network address.

    Raises:
        ConfigError: the scheme is unknown, or there is no host in it.
    """
    scheme = scheme_of(address)
    if scheme not in _PROTOCOLS:
        raise ConfigError(
            f"Cannot use the address {redacted(address)}: streams start with one of "
            f"{', '.join(f'{name}://' for name in _PROTOCOLS)}."
        )
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError as error:  # half an IPv6 address, or port 99999
        raise ConfigError(  # without the reason, which quotes what may be a password
            f"The address {redacted(address)} cannot be read: check its host and port."
        ) from error
    if not parts.netloc:
        raise ConfigError(f"The address {redacted(address)} names no host. Write {scheme}://host:port/path.")
    listen = dict(parse_qsl(parts.query, keep_blank_values=True)).get("listen") in ("", "1", "true")
    if listen and scheme in ("rtsp", "http", "rtmp"):
        rest = [pair for pair in parts.query.split("&") if pair.partition("=")[0] != "listen"]
        return LiveAddress(urlunsplit(parts._replace(query="&".join(rest))), scheme, listen=True)
    return LiveAddress(address, scheme, listen)
