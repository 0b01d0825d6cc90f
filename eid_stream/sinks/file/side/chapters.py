"""Chapters of a file: those of a part of it, and those made of bookmarks."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from eid_stream.sinks.encoding.time_window import TimeWindow

if TYPE_CHECKING:
    from av.container.core import Chapter  # declared for type checkers only

_MILLISECOND = Fraction(1, 1000)
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


def chapters_of(bookmarks: Sequence[tuple[Fraction, str]], end_seconds: Fraction) -> "list[Chapter]":
    """Chapters that begin at bookmarks (seconds, title), each up to the next; the first part is one of its own."""
    begins = [*bookmarks]
    if begins and begins[0][0] > 0:
        begins.insert(0, (Fraction(0), "beginning"))
    ends = [*(seconds for seconds, _ in begins[1:]), end_seconds]
    return [
        {
            "id": number,
            "start": round(begin / _MILLISECOND),
            "end": max(round(end / _MILLISECOND), round(begin / _MILLISECOND) + 1),
            "time_base": _MILLISECOND,
            "metadata": {"title": title},
        }
        for number, ((begin, title), end) in enumerate(zip(begins, ends, strict=True), start=1)
    ]
