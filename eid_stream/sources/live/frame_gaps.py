"""Frames that are missing: gaps in an otherwise constant rate."""

from eid_stream.sources.damage import Damage

REGULAR_FRAMES = 12
"""So many frames in step, one after the other, make a rate constant."""


class FrameGaps:
    """Counts frames that a constant rate lacks; a variable rate has no gaps.

    What lies before the rate has shown itself to be constant is counted then: the first frames may have gaps, too.
    """

    def __init__(self, frame_ticks: int, damage: Damage) -> None:
        """Expect a frame every ``frame_ticks``; count in ``damage.missing_frames``."""
        self._frame_ticks = frame_ticks
        self._damage = damage
        self._regular = 0
        self._seen = 0
        self._missing_at_first = 0

    def step(self, ticks: int) -> None:
        """Note how long after the one before a frame came."""
        self._seen += 1
        if abs(ticks - self._frame_ticks) <= max(1, self._frame_ticks // 10):
            self._in_step()
            return
        missing = round(ticks / self._frame_ticks) - 1
        if ticks > self._frame_ticks and self._regular >= REGULAR_FRAMES:
            self._damage.missing_frames += missing
            return
        self._regular = 0
        whole_frames = abs(ticks - (missing + 1) * self._frame_ticks) <= max(1, self._frame_ticks // 10)
        if missing > 0 and whole_frames and self._seen <= REGULAR_FRAMES:
            self._missing_at_first += missing
        else:
            self._missing_at_first = 0

    def _in_step(self) -> None:
        self._regular += 1
        if self._regular >= REGULAR_FRAMES:
            self._damage.missing_frames += self._missing_at_first
            self._missing_at_first = 0
