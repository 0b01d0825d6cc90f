"""What a live recording says of itself: written when it begins, and made true when it ends."""

from collections.abc import Callable
from pathlib import Path

from eid_stream.app.telling.enhanced_mark import not_enhanced_mark
from eid_stream.sinks.file.live_recorder import SegmentRecorder

MOSTLY = 0.5
"""Share of frames as captured from which a live recording is not called enhanced: a look ahead as for files, which
lets no frame pass, is not to be had live."""


class SegmentMarks:
    """The marks of the files that are being recorded."""

    def __init__(self, mark: Callable[[], str]) -> None:
        """``mark`` tells what has enhanced the picture by now."""
        self._mark = mark
        self._begun: dict[Path, str] = {}

    def now(self) -> str:
        """The mark for a file that begins."""
        return self._mark()

    def begun(self, segment: SegmentRecorder, mark: str) -> None:
        """A file was begun with a mark."""
        self._begun[segment.part] = mark

    def end(self, segment: SegmentRecorder, captured_share: float) -> None:
        """Correct the mark of a finished file: the engine may have opened since, or may never have dehazed a thing.

        Raises:
            SinkWriteError: the file cannot be finished or written to.
        """
        before = self._begun.pop(segment.part)
        after = not_enhanced_mark(captured_share) if captured_share > MOSTLY else self._mark()
        if after != before and len(after.encode()) <= len(before.encode()):
            segment.replace_tag(before, after)
