"""One frame as it travels to the page: a line of JSON, then the encoded pictures and the haze map behind it."""

import json
import struct
from dataclasses import dataclass, field
from typing import Literal

Codec = Literal["h264", "jpeg"]


@dataclass(frozen=True, slots=True)
class Wish:
    """What a viewer wants of every frame."""

    codec: Codec = "h264"
    original: bool = False
    """The captured picture beside the enhanced one."""
    haze: bool = False
    """The haze map."""


@dataclass(frozen=True, slots=True)
class HazeMapBytes:
    """Share of light that the haze is held responsible for, 0 to 255, row by row."""

    width: int
    height: int
    values: bytes


@dataclass(slots=True)
class SentPicture:
    """A frame in every form somebody wants, encoded once; messages are put together when first asked for."""

    about: dict[str, object]
    """What is told of the frame: number, time of capture, size, state."""
    enhanced: dict[Codec, bytes]
    original: dict[Codec, bytes]
    """Empty where nobody wants it."""
    codec_name: str
    key: bool
    """Whether the H.264 pictures can be decoded without those before."""
    haze: HazeMapBytes | None = None
    _messages: dict[Wish, bytes | None] = field(default_factory=dict)

    @property
    def number(self) -> int:
        """The frame's number."""
        return int(str(self.about["number"]))

    def starts(self, wish: Wish) -> bool:
        """Whether a viewer with this wish can begin with this picture."""
        return self.message(wish) is not None and (self.key or wish.codec == "jpeg")

    def message(self, wish: Wish) -> bytes | None:
        """The message for viewers with this wish; None when the picture was not encoded for them."""
        if wish not in self._messages:
            self._messages[wish] = self._packed(wish)
        return self._messages[wish]

    def _packed(self, wish: Wish) -> bytes | None:
        if wish.codec not in self.enhanced or (wish.original and wish.codec not in self.original):
            return None
        parts = {"enhanced": self.enhanced[wish.codec]}
        if wish.original:
            parts["original"] = self.original[wish.codec]
        head = self.about | {"key": self.key or wish.codec == "jpeg"}
        head["codec"] = self.codec_name if wish.codec == "h264" else "jpeg"
        if wish.haze and self.haze is not None:
            parts["haze"] = self.haze.values
            head["grid"] = [self.haze.width, self.haze.height]
        head["parts"] = [[name, len(content)] for name, content in parts.items()]
        told = json.dumps(head).encode()
        return b"".join([struct.pack("<I", len(told)), told, *parts.values()])
