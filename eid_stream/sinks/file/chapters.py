"""Chapters of a file, for a part of it."""

from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING

from eid_stream.sinks.encoding.time_window import TimeWindow

if TYPE_CHECKING:
    from av.container.core import Chapter  # declared for type checkers only

_MICROSECOND = Fraction(1, 1_000_000)


def cut_chapters(chapters: "Iterable[Chapter]", window: TimeWindow) -> "list[Chapter]":
    """Keep the chapters that overlap the window, shortened to it and with its origin as time zero."""
    kept: list[Chapter] = []
    for chapter in chapters:
        time_base = chapter["time_base"] or _MICROSECOND
        first, last = chapter["start"] * time_base, chapter["end"] * time_base
        first = first if window.begin is None else max(first, window.begin)
        last = last if window.end is None else min(last, window.end)
        if first < last:
            start, end = window.ticks(first, time_base), window.ticks(last, time_base)
            kept.append({**chapter, "start": start, "end": end, "time_base": time_base})
    return kept
