"""How hazy it was over the last minutes."""

import threading
from collections import deque

from eid_stream.core.frame import Frame

SECONDS_KEPT = 600.0
STEP_SECONDS = 0.5

Point = tuple[float, float | None]
"""Seconds on the monotonic clock, and mean density in [0, 1] since the point before; None while nothing was seen."""


class HazeHistory:
    """Collects the density of frames into points half a second apart; one thread notes, any may read."""

    def __init__(self) -> None:
        """Start empty; the size is bounded."""
        self._points: deque[Point] = deque(maxlen=round(SECONDS_KEPT / STEP_SECONDS))
        self._count = 0
        self._densities: list[float] = []
        self._begun: float | None = None
        self._lock = threading.Lock()

    def note(self, frame: Frame) -> None:
        """Take one frame into account."""
        seconds = frame.captured_ns / 1e9
        self._begun = seconds if self._begun is None else self._begun
        if frame.maps is not None:
            self._densities.append(float(frame.maps.density))
        if seconds - self._begun >= STEP_SECONDS:
            self._add(seconds)

    def since(self, count: int) -> tuple[list[Point], int]:
        """Points after the first ``count`` ever made, as far as they are kept, and how many were made."""
        with self._lock:
            fresh = min(self._count - count, len(self._points))
            return list(self._points)[len(self._points) - fresh :], self._count

    def _add(self, seconds: float) -> None:
        mean = sum(self._densities) / len(self._densities) if self._densities else None
        with self._lock:
            self._points.append((round(seconds, 2), None if mean is None else round(mean, 4)))
            self._count += 1
        self._densities.clear()
        self._begun = seconds
