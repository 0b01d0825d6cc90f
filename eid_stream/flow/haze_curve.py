"""How hazy a video is, second by second."""

from collections.abc import Callable

from eid_stream.core.frame import Frame

_MOST_SECONDS = 7 * 24 * 3600
"""A curve of a week; what comes later is not kept."""


class HazeCurve:
    """Mean density of haze in [0, 1] for every second of presentation time, counted from the first frame's.

    One thread records; any thread may read.
    """

    def __init__(self) -> None:
        self._first_seconds: float | None = None
        self._sums: list[float] = []
        self._counts: list[int] = []

    def record(self, seconds: float, density: float) -> None:
        """Add what was seen at ``seconds`` of presentation time."""
        if self._first_seconds is None:
            self._first_seconds = seconds
        second = int(seconds - self._first_seconds)
        if not 0 <= second < _MOST_SECONDS:
            return
        missing = second + 1 - len(self._sums)
        self._sums += [0.0] * missing
        self._counts += [0] * missing
        self._sums[second] += density
        self._counts[second] += 1

    @property
    def per_second(self) -> list[float | None]:
        """The curve; None for a second without any frame that was looked at."""
        pairs = zip(self._sums, self._counts, strict=True)
        return [round(total / count, 4) if count else None for total, count in pairs]

    def watching(self, dehaze: Callable[[Frame], Frame]) -> Callable[[Frame], Frame]:
        """The same dehaze stage, with what it sees added to the curve."""

        def watched(frame: Frame) -> Frame:
            result = dehaze(frame)
            if result.maps is not None:
                self.record(float(result.seconds), result.maps.density)
            return result

        return watched
