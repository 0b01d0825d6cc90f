"""The part of a source's time that is recorded."""

from dataclasses import dataclass
from fractions import Fraction


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
    clock_begins: Fraction, start: Fraction | None, duration: Fraction | None, *, from_zero: bool
) -> TimeWindow:
    """Make the window that begins ``start`` after the source's clock does.

    ``from_zero`` moves the beginning of the clock to zero also where nothing is cut off.
    """
    begin = clock_begins + start if start else None
    end = None if duration is None else clock_begins + (start or 0) + duration
    return TimeWindow(begin if begin is not None else clock_begins if from_zero else Fraction(0), begin, end)
