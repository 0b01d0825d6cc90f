"""What a ``phantom:`` address says."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from eid_stream.core.errors import ConfigError
from eid_stream.core.frame import PIXEL_LAYOUTS

Number = TypeVar("Number", int, float, Fraction)
SMALLEST, LARGEST = 64, 8192
"""Allowed sides of a picture in pixels."""


@dataclass(frozen=True, slots=True)
class PhantomAddress:
    """The options of a phantom; the same options give the same frames."""

    size: tuple[int, int] = (1920, 1080)
    """Width and height in pixels."""
    rate: Fraction = Fraction(25)
    frames: int = 250
    """Number of frames; 0 = without end, as a live phantom is that was not told otherwise."""
    seed: int = 1
    smoke: float = 0.5
    """Mean of 1 - t over picture and time; 0 = no smoke."""
    content: str = "circle"
    layout: str = "yuv420p"
    range: str = "limited"
    realtime: bool = False
    """Frames come by the clock, as from a camera."""


def parse_phantom_address(address: str) -> PhantomAddress:
    """Read ``phantom:`` or ``phantom:?size=1280x720&seed=7``.

    Raises:
        ConfigError: unknown option or bad value; the sentence names what is allowed.
    """
    scheme, _, query = address.partition("?")
    if scheme != "phantom:":
        raise ConfigError(f"Cannot read the address {address!r}: write phantom:?size=1280x720&seed=7, for example.")
    options: dict[str, Any] = {}
    for key, text in parse_qsl(query, keep_blank_values=True):
        if key not in _READERS:
            known = ", ".join(field.name for field in fields(PhantomAddress))
            raise ConfigError(f"The phantom has no option {key!r}. Its options are {known}.")
        allowed, read = _READERS[key]
        try:
            options[key] = read(text)
        except (ValueError, ZeroDivisionError) as error:
            raise ConfigError(f"The phantom's {key} cannot be {text!r}: write {allowed}.") from error
    if options.get("realtime") and "frames" not in options:
        options["frames"] = 0
    return replace(PhantomAddress(), **options)


def _size(text: str) -> tuple[int, int]:
    width, height = (int(side) for side in text.split("x"))
    return _within(width, SMALLEST, LARGEST), _within(height, SMALLEST // 2, LARGEST)


def _rate(text: str) -> Fraction:
    return _within(Fraction(text), Fraction(1), Fraction(240))


def _frames(text: str) -> int:
    return _within(int(text), 0, 1 << 31)


def _seed(text: str) -> int:
    return _within(int(text), 0, (1 << 63) - 1)


def _smoke(text: str) -> float:
    return _within(float(text), 0.0, 0.9)


def _within(value: Number, low: Number, high: Number) -> Number:
    if not low <= value <= high:
        raise ValueError(f"{value} is outside [{low}, {high}]")
    return value


def _one_of(*words: str) -> tuple[str, Callable[[str], str]]:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError(text)
        return text

    return " or ".join((", ".join(words[:-1]), words[-1])), read


_READERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "size": (f"WIDTHxHEIGHT, such as 1920x1080, from {SMALLEST}x{SMALLEST // 2} to {LARGEST}x{LARGEST}", _size),
    "rate": ("frames per second from 1 to 240, such as 25, 29.97 or 30000/1001", _rate),
    "frames": ("a number of frames, or 0 for no end", _frames),
    "seed": ("a whole number from 0", _seed),
    "smoke": ("a density from 0 to 0.9", _smoke),
    "content": _one_of("circle", "full"),
    "layout": _one_of(*PIXEL_LAYOUTS),
    "range": _one_of("limited", "full"),
    "realtime": ("0 or 1", lambda text: bool(("0", "1").index(text))),
}
