"""Addresses and messages as they may be printed, stored and served: where something is, never what opens it.

An address is taken apart by its structure. Scheme, host, port and the kind of the last path element (``.m3u8``) stay;
of the rest only what is known to be harmless does. Nothing is kept because it does not look like a secret: stream keys,
session ids and passwords look like anything. What cannot be taken apart without doubt is hidden as a whole.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, unquote

HIDDEN = "***"
_HARMLESS_WORDS = frozenset(
    "app cam camera channel feed hls host index live master media metrics path playlist stream video".split()  # noqa: SIM905
)
_HARMLESS_KINDS = frozenset(
    ".avi .flv .h264 .hevc .ivf .jpg .m3u .m3u8 .m4v .mjpeg .mjpg .mkv .mov .mp4 .mpd .mpg .nut .sdp .ts .webm".split()  # noqa: SIM905
)
_HARMLESS_NAMES = frozenset(
    "buffer_size fifo_size fps height latency listen localport mode pkt_size rate reuse size timeout ttl width".split()  # noqa: SIM905
)
_HARMLESS_VALUE = re.compile(r"\d{1,7}|\d{1,5}x\d{1,5}|caller|listener|rendezvous|live|tcp|udp|true|false")
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+(?:%\w+)?\]|[\w.-]+)?(?::(?:\d{1,5}|port))?")
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+:/+|//(?=[^/]*@))(.*)", re.DOTALL)
_IN_TEXT = re.compile(r"(?:(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]+:/|(?<!\S)//(?=[^\s/]*@))(?:[^\n]*@)?\S*")
_LOGIN_IN_TEXT = re.compile(r"(?<!\S)[^\s/\\@:]+:(?![/\\])[^\s@]+@\S+")
_END_OF_SENTENCE = ".,:;!?)]}'\"`"
_MOST_REMEMBERED = 64
_remembered: dict[str, str] = {}


def redacted(address: str) -> str:
    """The address without user, password, stream key, query and fragment: fit to be printed and stored.

    Names of files, devices and generators come back as they are.
    """
    parts = _ADDRESS.fullmatch(address.strip())
    if parts is None:
        return _scanned(address)
    scheme, rest = parts.groups()
    if scheme.lower().startswith("file:") and (scheme.count("/") > 2 or "@" not in rest.partition("/")[0]):
        return address
    return scheme + (HIDDEN if scheme.lower().startswith("data:") else _place(rest))


def remember(addresses: Iterable[str]) -> None:
    """Have every later message lose these addresses, however odd: with spaces, quotes or line breaks in a password."""
    for address in addresses:
        if (printed := redacted(address)) != address:
            _remembered.update(dict.fromkeys(_spellings(address), printed))
    while len(_remembered) > _MOST_REMEMBERED:
        del _remembered[next(iter(_remembered))]


def redacted_text(text: str) -> str:
    """A message with every address in it fit to be printed. It may come back changed where nothing was secret."""
    for spelling in sorted(_remembered, key=len, reverse=True):
        text = text.replace(spelling, _remembered[spelling])
    return _scanned(text)


def redacted_values(values: Any) -> Any:
    """Mappings and lists with every text in them, names included, fit to be stored."""
    if isinstance(values, str):
        return redacted_text(values)
    if isinstance(values, Mapping):
        return {redacted_values(name): redacted_values(value) for name, value in values.items()}
    return [redacted_values(value) for value in values] if isinstance(values, list | tuple) else values


def _scanned(text: str) -> str:
    return _LOGIN_IN_TEXT.sub(f"{HIDDEN}@{HIDDEN}", _IN_TEXT.sub(_printed_match, text))


def _printed_match(match: "re.Match[str]") -> str:
    address = match[0].rstrip(_END_OF_SENTENCE)
    return redacted(address) + match[0][len(address) :] if _ADDRESS.fullmatch(address) else match[0]


def _spellings(address: str) -> set[str]:
    """How one address may be written in a message."""
    plain = address.strip()
    return {address, plain, repr(plain)[1:-1], str(PurePosixPath(plain)), unquote(plain), quote(plain, safe=":/@?&=#;")}


def _place(rest: str) -> str:
    """What comes after the slashes. An ``@`` behind the first ``/ ? # ;`` may be part of a password: all is hidden."""
    end = re.search(r"[/?#;\\]", rest)
    authority, tail = (rest, "") if end is None else (rest[: end.start()], rest[end.start() :])
    host = authority.rpartition("@")[2]
    if "@" in tail or not _HOST.fullmatch(host):
        return HIDDEN
    front, _, fragment = tail.partition("#")
    path, _, query = front.partition("?")
    return host + _path(path) + (f"?{_query(query)}" if query else "") + (f"#{HIDDEN}" if fragment else "")


def _path(path: str) -> str:
    elements, kind = path.split("/"), PurePosixPath(path).suffix.lower()
    kind = kind if kind in _HARMLESS_KINDS else ""
    stems = [*elements[:-1], elements[-1].removesuffix(kind)]
    if all(stem in _HARMLESS_WORDS or not stem for stem in stems):
        return path
    return f"/{HIDDEN}{kind}"


def _query(query: str) -> str:
    pairs = [pair.partition("=") for pair in re.split("[&;]", query)]
    known = [f"{name}={value}" for name, _, value in pairs if _is_harmless(name, value)]
    return "&".join(known if len(known) == len(pairs) else [*known, HIDDEN])


def _is_harmless(name: str, value: str) -> bool:
    return name in _HARMLESS_NAMES and _HARMLESS_VALUE.fullmatch(value) is not None
