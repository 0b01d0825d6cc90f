"""Recording a live picture: switched on and off, in segments, stopped before the disk is full."""

import os
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from eid_stream.core.errors import SinkWriteError
from eid_stream.core.frame import Frame
from eid_stream.sinks.file.disk_space import DiskSpace

_NICENESS = 5
_MOST_NOTES = 100


class SegmentRecorder(Protocol):
    """One file being written: see ``recorder.Recorder``."""

    @property
    def part(self) -> Path:
        """Where it grows."""
        ...

    def write(self, frame: Frame) -> None:
        """Add a frame."""
        ...

    def close(self) -> None:
        """Finish the file under its temporary name."""
        ...

    def add_chapter(self, seconds: Fraction, title: str) -> None:
        """Begin a chapter at a time of the file."""
        ...

    def replace_tag(self, before: str, after: str) -> None:
        """Finish the file under its temporary name, and change what it says of itself."""
        ...

    def publish(self) -> None:
        """Finish the file and give it its name."""
        ...


@dataclass(frozen=True, slots=True)
class SegmentLimit:
    """When a new file begins; None = never for that reason."""

    seconds: Fraction | None = None
    size_bytes: int | None = None


class LiveRecorder:
    """Writes frames into ``clear.mkv``, or ``clear-001.mkv``, ``clear-002.mkv``, ...; each starts at time zero.

    A new file begins when a segment is full, when recording is switched on again, and when the size or the layout
    of the picture changes. A file that exists is never touched: its number is skipped.
    """

    def __init__(
        self,
        path: Path,
        open_segment: Callable[[Path, Frame], SegmentRecorder],
        *,
        recording: bool = True,
        limit: SegmentLimit | None = None,
        space: DiskSpace | None = None,
        captured: bool = False,
        background: bool = False,
        ending: Callable[[SegmentRecorder, float], None] = lambda *_: None,
    ) -> None:
        """Nothing is opened before the first frame. ``captured`` writes what the camera gave instead.

        ``background`` lowers the priority of the thread that writes: the picture on the screen comes first.
        ``ending`` hears of every file before it gets its name, with the share of its frames that are as captured.
        """
        self._path = path
        self._open_segment = open_segment
        self._limit = limit or SegmentLimit()
        self._space = space
        self._captured = captured
        self._segment: SegmentRecorder | None = None
        self._first: Frame | None = None
        self._number = 0
        self._steps_back = background
        self._ending = ending
        self._frames = self._frames_as_captured = 0
        self.wanted = recording
        """Whether frames are to be written; may be set from any thread."""
        self.seconds = 0.0
        """Length of the current file; 0 while nothing is written."""
        self.stopped = ""
        """Why recording stopped by itself; empty otherwise."""
        self.files: list[Path] = []
        """Files begun so far."""
        self._notes: deque[str] = deque(maxlen=_MOST_NOTES)

    @property
    def warning(self) -> str:
        """What to tell the viewer about this recording; empty when all is well."""
        return self.stopped or (self._space.warning if self._space is not None and self.wanted else "")

    def bookmark(self, note: str) -> None:
        """Make a chapter begin with the next frame; from any thread."""
        self._notes.append(note)

    def write(self, frame: Frame) -> None:
        """Write the frame if recording is on.

        Raises:
            SinkError: the file cannot be opened or cannot grow.
        """
        self._step_back()
        shown = frame.captured if self._captured else frame
        if self._space is not None and self.wanted and self._space.is_full():
            self.wanted, self.stopped = False, "recording stopped: the disk is full"
        if not self.wanted or (self._first is not None and self._is_over(shown)):
            self._finish()
        if self.wanted:
            self._record(shown)

    def close(self) -> None:
        """Finish the current file and give it its name.

        Raises:
            SinkWriteError: it cannot be finished, or recording stopped by itself: the run must not look complete.
        """
        self._finish()
        if self.stopped:
            raise SinkWriteError(
                f"The recording of {self._path} stopped before its end, because the disk was nearly full. "
                "What was recorded is finished and plays. Free some space."
            )

    def _record(self, frame: Frame) -> None:
        if self._segment is None:
            path = self._next_path()
            self._segment = self._open_segment(path, frame)
            self._first = frame
            self.stopped = ""
            self._frames = self._frames_as_captured = 0
            self.files.append(path)
        if self._first is not None:
            seconds = frame.seconds - self._first.seconds
            while self._notes:
                self._segment.add_chapter(seconds, self._notes.popleft())
            self._segment.write(replace(frame, pts=frame.pts - self._first.pts))
            self._frames += 1
            self._frames_as_captured += not frame.state.dehazed
            self.seconds = float(seconds)

    def _is_over(self, frame: Frame) -> bool:
        first, segment, limit = self._first, self._segment, self._limit
        if first is None or segment is None:
            return False
        changed = (frame.width, frame.height, frame.layout) != (first.width, first.height, first.layout)
        long = limit.seconds is not None and frame.seconds - first.seconds >= limit.seconds
        large = limit.size_bytes is not None and segment.part.stat().st_size >= limit.size_bytes
        return changed or long or large

    def _finish(self) -> None:
        segment, self._segment, self._first, self.seconds = self._segment, None, None, 0.0
        if segment is not None:
            if self._frames:
                self._ending(segment, self._frames_as_captured / self._frames)
            segment.publish()

    def _next_path(self) -> Path:
        segmented = self._limit.seconds is not None or self._limit.size_bytes is not None
        while True:
            self._number += 1
            plain = self._number == 1 and not segmented
            name = self._path.name if plain else f"{self._path.stem}-{self._number:03d}{self._path.suffix}"
            path = self._path.with_name(name)
            if plain or not path.exists():
                return path

    def _step_back(self) -> None:
        """Give this thread, and the encoder's threads that it starts, less of a busy processor."""
        if self._steps_back:
            self._steps_back = False
            if hasattr(os, "setpriority"):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
