"""What a window needs from the running system, and what it may ask of it."""

from collections.abc import Sequence
from typing import Protocol

from eid_stream.core.frame import Frame
from eid_stream.sinks.viewer_controls import ViewerControls


class Frames(Protocol):
    """Where the window takes its frames from."""

    @property
    def over(self) -> bool:
        """True when no frame is left and none will come."""
        ...

    def take(self, timeout_seconds: float | None = None) -> Frame | None:
        """The next frame; None when there is none in time."""
        ...


class WindowControls(ViewerControls, Protocol):
    """The live system behind the window. All of it is called from the window's thread."""

    @property
    def panel(self) -> Sequence[str]:
        """Lines of the latency panel."""
        ...

    def shown(self, frame: Frame) -> None:
        """Told right after a frame was handed to the display, once for each."""
        ...
