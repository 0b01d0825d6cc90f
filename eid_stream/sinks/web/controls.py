"""What the console in the browser needs from the running system beside what every viewer needs."""

from collections.abc import Mapping
from typing import Protocol

from eid_stream.sinks.viewer_controls import ViewerControls


class ConsoleControls(ViewerControls, Protocol):
    """The live system behind the page."""

    @property
    def figures(self) -> Mapping[str, float]:
        """Small numbers by name: latencies in milliseconds, counts, ages in seconds."""
        ...

    def bookmark(self, note: str) -> None:
        """Make a chapter of the recording begin now; what cannot be done is told by ``warnings``."""
        ...
