"""What a window needs from the running system, and what it may ask of it."""

from collections.abc import Sequence
from typing import Protocol

from eid_stream.core.frame import Frame


class Frames(Protocol):
    """Where the window takes its frames from."""

    @property
    def over(self) -> bool:
        """True when no frame is left and none will come."""
        ...

    def take(self, timeout_seconds: float | None = None) -> Frame | None:
        """The next frame; None when there is none in time."""
        ...


class Controls(Protocol):
    """The live system behind the window. All of it is called from the window's thread and returns at once."""

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

    @property
    def panel(self) -> Sequence[str]:
        """Lines of the latency panel."""
        ...

    def toggle_recording(self) -> None:
        """Start or stop recording; what cannot be done is told by ``warnings``."""
        ...

    def shown(self, frame: Frame) -> None:
        """Told right after a frame was handed to the display, once for each."""
        ...

    def say(self, text: str) -> None:
        """Show a line among the warnings for a few seconds."""
        ...
