"""What a page may say: checked, bounded, one meaning each."""

import json
import math
import time
from dataclasses import dataclass
from typing import Any

MOST_BYTES = 2048
"""Longest message a page may send."""
MOST_NOTE_CHARACTERS = 200
_RATE, _BURST = 200.0, 400.0
"""Messages a second, and how many may come at once: 60 confirmations a second and a finger on a slider."""
_MOST_NONSENSE = 20


class NonsenseError(ValueError):
    """A message that no page of ours sends."""


@dataclass(frozen=True, slots=True)
class Command:
    """A message that was understood: what to do, and with what."""

    do: str
    value: Any = None


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise NonsenseError("not true or false")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise NonsenseError("not a number")
    return float(value)


def _share(value: object) -> float:
    number = _number(value)
    if not 0.0 <= number <= 1.0:
        raise NonsenseError("not between 0 and 1")
    return number


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 53:
        raise NonsenseError("not a count")
    return value


def _note(value: object) -> str:
    if not isinstance(value, str) or len(value) > MOST_NOTE_CHARACTERS:
        raise NonsenseError("not a short text")
    return " ".join("".join(character if character.isprintable() else " " for character in value).split())


def _wish(value: object) -> tuple[str, bool, bool, int]:
    if not isinstance(value, dict) or value.keys() != {"codec", "original", "haze", "width"}:
        raise NonsenseError("not a wish")
    if value["codec"] not in ("h264", "jpeg"):
        raise NonsenseError("no such codec")
    return str(value["codec"]), _truth(value["original"]), _truth(value["haze"]), _count(value["width"])


_READERS = {
    "watch": _wish,
    "seen": _count,
    "clock": _number,
    "sleep": _truth,
    "steer": _truth,
    "strength": _share,
    "bypass": _truth,
    "record": _truth,
    "photo": _truth,
    "bookmark": _note,
}
STEERING = frozenset({"steer", "strength", "bypass", "record", "photo", "bookmark"})
"""What changes the run or writes files; the rest concerns the page alone."""


def read_command(message: str) -> Command:
    """Understand a message such as ``{"do": "strength", "value": 0.8}``.

    Raises:
        NonsenseError: it is nothing a page of ours says.
    """
    try:
        told = json.loads(message)
    except (ValueError, RecursionError) as error:
        raise NonsenseError("not JSON") from error
    if not isinstance(told, dict) or told.keys() != {"do", "value"} or told["do"] not in _READERS:
        raise NonsenseError("no such command")
    return Command(str(told["do"]), _READERS[told["do"]](told["value"]))


class Patience:
    """Bounds what one page may say: so many messages a second, and little nonsense."""

    def __init__(self) -> None:
        """Begin with a full allowance."""
        self._left = _BURST
        self._nonsense = 0
        self._asked = time.monotonic()

    def allows_message(self) -> bool:
        """Count one message; False when there were too many."""
        now = time.monotonic()
        self._left = min(_BURST, self._left + _RATE * (now - self._asked)) - 1.0
        self._asked = now
        return self._left >= 0.0

    def allows_nonsense(self) -> bool:
        """Count one message that made no sense; False when there were too many."""
        self._nonsense += 1
        return self._nonsense <= _MOST_NONSENSE
