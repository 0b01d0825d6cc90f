"""How a part of a run ends the whole of it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class Ending:
    """Ends a run in good order; does nothing before there is one."""

    call: Callable[[], None] = lambda: None
