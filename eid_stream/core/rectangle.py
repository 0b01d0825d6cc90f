"""A part of a picture, in pixels as they are stored."""

import re
from dataclasses import dataclass

from eid_stream.core.errors import ConfigError

_NUMBERS = re.compile(r"\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*")


@dataclass(frozen=True, slots=True)
class Rectangle:
    """Pixels ``left <= x < left + width``, ``top <= y < top + height``, counted from the upper left corner."""

    left: int
    top: int
    width: int
    height: int

    @classmethod
    def parse(cls, text: str) -> "Rectangle":
        """Read ``x,y,w,h``.

        Raises:
            ConfigError: it is nothing of the kind, or covers nothing.
        """
        match = _NUMBERS.fullmatch(text)
        if match is None or not int(match[3]) or not int(match[4]):
            raise ConfigError(
                f"Cannot read {text!r} as a rectangle: write left, top, width and height in pixels, such as 0,0,320,40."
            )
        return cls(*(int(number) for number in match.groups()))

    def __str__(self) -> str:
        return f"{self.left},{self.top},{self.width},{self.height}"

    def scaled(self, across: float, down: float) -> "Rectangle":
        """The same part of a picture that is so many times as wide and as high, rounded outwards."""
        left, top = int(self.left * across), int(self.top * down)
        right, bottom = -int(-(self.left + self.width) * across // 1), -int(-(self.top + self.height) * down // 1)
        return Rectangle(left, top, right - left, bottom - top)
