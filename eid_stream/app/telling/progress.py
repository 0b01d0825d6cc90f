"""How far a run is: a bar on a terminal, a plain line now and then elsewhere."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from eid_stream.core.frame import StreamInfo
from eid_stream.flow.stats import Stats

PLAIN_INTERVAL_SECONDS = 5.0
_BAR_INTERVAL_SECONDS = 0.1
_RATE_SECONDS = 10.0


class Pace:
    """Turns the counters of a run into done, rate and time left."""

    def __init__(self, stats: Stats, info: StreamInfo) -> None:
        """Start the clock."""
        self._stats = stats
        self._total_frames = info.frame_count
        self._total_seconds = info.duration_seconds
        self._marks = [(time.monotonic(), stats.frames_before)]

    @property
    def frames(self) -> int:
        """Frames that the slowest outlet has taken."""
        return self._stats.frames_before + min(self._stats.written.values(), default=0)

    @property
    def done(self) -> float | None:
        """Share of the work done in [0, 1], or None when the length of the video is unknown."""
        if self._total_frames:
            return min(1.0, self.frames / self._total_frames)
        if self._total_seconds:
            return min(1.0, self._stats.position_seconds / self._total_seconds)
        return None

    def rate(self) -> float:
        """Frames per second over the last ten seconds."""
        now = time.monotonic()
        self._marks.append((now, self.frames))
        while len(self._marks) > 2 and now - self._marks[1][0] > _RATE_SECONDS:
            del self._marks[0]
        (before, frames_before), (after, frames_after) = self._marks[0], self._marks[-1]
        return (frames_after - frames_before) / max(after - before, 1e-6)

    def told(self) -> str:
        """Frames, rate and time left in words."""
        rate, done = self.rate(), self.done
        told = f"{self.frames} frames, {rate:.1f} frames/s"
        if done and rate:
            left_seconds = self.frames * (1.0 / done - 1.0) / rate
            told += f", {done:.0%}, {_clock(left_seconds)} left"
        return told


@contextmanager
def shown_progress(
    pace: Pace, stream: TextIO, *, plain_interval_seconds: float = PLAIN_INTERVAL_SECONDS
) -> Iterator[None]:
    """Show the pace on ``stream`` while the block runs."""
    over = threading.Event()
    show = _show_bar if stream.isatty() else _show_lines
    arguments = (pace, stream, over, plain_interval_seconds)
    thread = threading.Thread(target=show, args=arguments, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _show_lines(pace: Pace, stream: TextIO, over: threading.Event, interval_seconds: float) -> None:
    while not over.wait(interval_seconds):
        stream.write(f"{pace.told()}\n")
        stream.flush()


def _show_bar(pace: Pace, stream: TextIO, over: threading.Event, _: float) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

    console = Console(file=stream)
    columns = (SpinnerColumn(), BarColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=1.0 if pace.done is not None else None)
        while not over.wait(_BAR_INTERVAL_SECONDS):
            progress.update(task, completed=pace.done or 0.0, description=pace.told())


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{int(seconds):02d}" if hours else f"{minutes}:{int(seconds):02d}"
