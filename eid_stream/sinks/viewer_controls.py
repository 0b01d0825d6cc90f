"""What every viewer, the window and the console, needs from the running system, and what it may ask of it."""

from collections.abc import Sequence
from typing import Protocol


class ViewerControls(Protocol):
    """The live system behind a viewer. Everything returns at once and may be called from any thread."""

    @property
    def engine(self) -> str:
        """Name of the engine, as shown in the mark."""
        ...

    @property
    def strength(self) -> float:
        """Share of the haze that is removed, in [0, 1]."""
        ...

    @strength.setter
    def strength(self, strength: float) -> None: ...

    @property
    def bypassed(self) -> bool:
        """Whether the viewer has asked for the original."""
        ...

    @bypassed.setter
    def bypassed(self, bypassed: bool) -> None: ...

    @property
    def trouble(self) -> str:
        """What is wrong with the signal; empty while frames come."""
        ...

    @property
    def frozen(self) -> bool:
        """Whether the source repeats one picture."""
        ...

    @property
    def recording(self) -> str:
        """Length of the recording, such as ``00:12``; empty while nothing is recorded."""
        ...

    @property
    def warnings(self) -> Sequence[str]:
        """Short lines that are true now."""
        ...

    def toggle_recording(self) -> None:
        """Start or stop recording; what cannot be done is told by ``warnings``."""
        ...

    def say(self, text: str) -> None:
        """Show a line among the warnings for a few seconds."""
        ...
