"""A source that is faster than time, slowed down to it."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace

from eid_stream.core.frame import Frame, StreamInfo
from eid_stream.core.interfaces import Source


class RealTimeSource:
    """Hands each frame of a generator or a file over at its presentation time, as a camera would."""

    def __init__(self, source: Source) -> None:
        """Pace ``source``; it is closed with this one."""
        self.wrapped = source
        self._closed = threading.Event()

    @property
    def info(self) -> StreamInfo:
        """As the source says, but live."""
        return replace(self.wrapped.info, live=True)

    def __iter__(self) -> Iterator[Frame]:
        """Yield frames at their time, later ones at once; ``captured_ns`` is the moment of handing over."""
        start_ns: int | None = None
        for frame in self.wrapped:
            due_ns = int(frame.seconds * 10**9)
            if start_ns is None:
                start_ns = time.monotonic_ns() - due_ns
            if self._closed.wait(max(0, start_ns + due_ns - time.monotonic_ns()) / 1e9):
                return
            yield replace(frame, captured_ns=time.monotonic_ns())

    def close(self) -> None:
        """Stop waiting and close the source."""
        self._closed.set()
        self.wrapped.close()
