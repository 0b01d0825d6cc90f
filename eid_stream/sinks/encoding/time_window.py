"""The part of a source's time that is recorded."""

from dataclasses import dataclass
from fractions import Fraction

_LONGEST_DELAY_SECONDS = 10


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """Times on the source's own clock, in seconds."""

    origin: Fraction = Fraction(0)
    """What becomes zero in the output."""
    begin: Fraction | None = None
    """Nothing earlier is kept; None: everything is."""
    end: Fraction | None = None
    """Nothing from here on is kept; None: everything is."""

    def is_over(self, seconds: Fraction) -> bool:
        """Say whether a time lies at or behind the end."""
        return self.end is not None and seconds >= self.end

    def is_ahead(self, seconds: Fraction) -> bool:
        """Say whether a time lies before the beginning."""
        return self.begin is not None and seconds < self.begin

    def ticks(self, seconds: Fraction, time_base: Fraction) -> int:
        """Time in the output, in units of ``time_base``, of a time of the source."""
        return round((seconds - self.origin) / time_base)


def window_of(
    clock_begins: Fraction,
    start: Fraction | None,
    duration: Fraction | None,
    *,
    keep_clock: bool,
    delays_are_meant: bool,
) -> TimeWindow:
    """Make the window that begins ``start`` after the source's clock does.

    The beginning of the clock becomes zero also where nothing is cut off, unless ``keep_clock`` asks for the source's
    own times. ``delays_are_meant``: the source says on purpose, by an edit list, that nothing is there at first.
    """
    begin = clock_begins + start if start else None
    end = None if duration is None else clock_begins + (start or 0) + duration
    delay = delays_are_meant and 0 < clock_begins <= _LONGEST_DELAY_SECONDS
    whole = Fraction(0) if keep_clock or delay else clock_begins
    return TimeWindow(whole if begin is None else begin, begin, end)


def clock_note(window: TimeWindow) -> str:
    """One sentence where the output's clock is another than the source's; empty otherwise."""
    if not window.origin or window.begin is not None:
        return ""
    return f"The file's clock begins at {float(window.origin):.3f} s, the output's at 0 (--keep-clock keeps it)."
