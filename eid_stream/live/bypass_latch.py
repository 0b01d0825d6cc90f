"""When the enhancement must step aside, and when it may come back."""

import threading
from collections import deque
from dataclasses import dataclass

WARNING_SECONDS = 0.07
"""Added latency from which surgeons' task times suffer measurably (Nankaku et al. 2022)."""
LIMIT_SECONDS = 0.1
"""Added latency that is no longer acceptable (Kumcu et al. 2016, Nankaku et al. 2022)."""
_WARNING_SHOWN_SECONDS = 2.0
_LATE_FRAMES = 3


@dataclass(frozen=True, slots=True)
class BypassPolicy:
    """How patient the latch is."""

    faults: int = 3
    """So many tasks at fault: looks that failed, were late or were left behind, corrections that failed ..."""
    window_seconds: float = 2.0
    """... within this time latch the bypass. A task is at fault once, however many frames are shown meanwhile."""
    healthy_seconds: float = 5.0
    """Time without any fault after which the enhancement returns by itself."""
    longest_healthy_seconds: float = 60.0
    """Every bypass soon after the last asks for twice the healthy time, up to this."""
    limit_seconds: float = LIMIT_SECONDS
    """Added latency from which a frame is late."""
    late_seconds: float = 0.2
    """Frames that are all late for so long, three at least, latch the bypass."""
    automatic_return: bool = True
    """False: only the viewer ends a bypass."""


class BypassLatch:
    """Counts tasks at fault and late frames; ``reason`` says why the original is shown, and is empty while all is well.

    All times are seconds on one monotonic clock. The dehaze thread, the worker's and the window's write to it, under
    one lock; reading ``reason`` needs none.
    """

    def __init__(self, policy: BypassPolicy | None = None) -> None:
        """Start open."""
        self._policy = policy or BypassPolicy()
        self._lock = threading.Lock()
        self._faults: deque[float] = deque(maxlen=self._policy.faults)
        self._needed_seconds = self._policy.healthy_seconds
        self._last_fault = float("-inf")
        self._released = float("-inf")
        self._late_since: float | None = None
        self._late_frames = 0
        self._warned = float("-inf")
        self._added_seconds = 0.0
        self.reason = ""
        self.count = 0
        """How often it has latched."""

    def fault(self, reason: str, now: float) -> None:
        """A task failed or took too long; to be told once of each."""
        with self._lock:
            self._last_fault = now
            self._faults.append(now)
            if len(self._faults) == self._policy.faults and now - self._faults[0] <= self._policy.window_seconds:
                self._latch(reason, now)

    def healthy(self, now: float) -> None:
        """A task ended in time and was sound."""
        with self._lock:
            rested = now - self._last_fault >= self._needed_seconds
            if self.reason and self._policy.automatic_return and rested:
                self._release(now)

    def shown(self, added_seconds: float, now: float) -> None:
        """A frame was handed to the display ``added_seconds`` after it was captured."""
        with self._lock:
            if added_seconds >= WARNING_SECONDS:
                self._warned, self._added_seconds = now, added_seconds
            if added_seconds < self._policy.limit_seconds:
                self._late_since, self._late_frames = None, 0
                return
            self._late_since = now if self._late_since is None else self._late_since
            self._late_frames += 1
            if self._late_frames >= _LATE_FRAMES and now - self._late_since >= self._policy.late_seconds:
                self._last_fault = now
                self._latch(f"added latency {1000 * added_seconds:.0f} ms", now)

    def warning(self, now: float) -> str:
        """What to say about latency just now; empty when there is nothing."""
        if now - self._warned > _WARNING_SHOWN_SECONDS:
            return ""
        return f"added latency {1000 * self._added_seconds:.0f} ms"

    def release(self, now: float) -> None:
        """Enhance again, because the viewer says so."""
        with self._lock:
            self._release(now)

    def _release(self, now: float) -> None:
        self.reason = ""
        self._released = now
        self._faults.clear()
        self._late_since, self._late_frames = None, 0

    def _latch(self, reason: str, now: float) -> None:
        if self.reason:
            return
        soon = now - self._released < 2 * self._needed_seconds
        longer = min(2 * self._needed_seconds, self._policy.longest_healthy_seconds)
        self._needed_seconds = longer if soon else self._policy.healthy_seconds
        self.reason = reason
        self.count += 1
