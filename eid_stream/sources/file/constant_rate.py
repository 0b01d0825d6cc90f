"""Telling lost frames of a constant rate from the gaps that a variable rate has on purpose."""

_TOLERANCE = 10
"""A frame may come so much of its display time (one part in so many) early or late."""
_REGULAR_FRAMES = 12
_MOST_UNSTEADY = 0.1
_MOST_MISSING = 0.1, 1 / 3
_LONGEST_GAP_FRAMES = 10, 1000
"""Recorders of the screen and the like leave out what does not move: many frames, or long gaps."""


class ConstantRate:
    """Counts steps from frame to frame; only the end tells whether they were of one rate."""

    def __init__(self, frame_ticks: int) -> None:
        """``frame_ticks``: display time of a frame at the nominal rate."""
        self._frame_ticks = frame_ticks
        self._regular = self._unsteady = 0
        self._gaps: list[int] = []

    def add(self, ticks: int) -> None:
        """Count one step."""
        if abs(ticks - self._frame_ticks) <= max(1, self._frame_ticks // _TOLERANCE):
            self._regular += 1
        elif ticks > self._frame_ticks * 3 // 2:
            self._gaps.append(round(ticks / self._frame_ticks) - 1)
        else:
            self._unsteady += 1

    def missing_frames(self, *, may_vary: bool, joins: int) -> int:
        """Frames that the gaps would hold; 0 where the rate is a variable one.

        ``may_vary``: the container keeps times of single frames, as files made by programs do, so that only short and
        few gaps are losses. ``joins``: so many places where two recordings were joined, which leaves short gaps.
        """
        gaps = sorted(self._gaps)[joins:]
        missing, all_frames = sum(gaps), self._regular + self._unsteady + len(self._gaps)
        unsteady = self._unsteady > _MOST_UNSTEADY * all_frames or self._regular < _REGULAR_FRAMES
        too_long = max(gaps, default=0) > _LONGEST_GAP_FRAMES[not may_vary]
        too_many = missing > _MOST_MISSING[not may_vary] * (all_frames + missing)
        return 0 if unsteady or too_long or too_many else missing
