"""Notices a camera or a capture card that repeats one picture."""

from collections.abc import Iterator

import numpy as np

from eid_stream.core.frame import Frame, StreamInfo
from eid_stream.core.interfaces import Source

FROZEN_SECONDS = 1.0
_COARSE = 16


class FrozenInputWatch:
    """Passes frames on untouched and tells since when their luma has been identical, sample by sample."""

    def __init__(self, source: Source) -> None:
        """Watch ``source``; it is closed with this one."""
        self.wrapped = source
        self._before: Frame | None = None
        self.frozen_seconds = 0.0
        """How long the same picture has been repeated."""

    @property
    def info(self) -> StreamInfo:
        """As the source says."""
        return self.wrapped.info

    @property
    def frozen(self) -> bool:
        """Whether the picture has been repeated for longer than a still moment of a real camera explains."""
        return self.frozen_seconds >= FROZEN_SECONDS

    def __iter__(self) -> Iterator[Frame]:
        """Yield the source's frames."""
        since_ns = 0
        for frame in self.wrapped:
            if self._before is None or not _same_picture(self._before, frame):
                since_ns = frame.captured_ns
            self._before = frame
            self.frozen_seconds = (frame.captured_ns - since_ns) / 1e9
            yield frame

    def close(self) -> None:
        """Close the source."""
        self.wrapped.close()


def _same_picture(before: Frame, frame: Frame) -> bool:
    """Compare a few samples first: real pictures differ there, and the whole plane is only read when they do not."""
    earlier, later = before.planes[0], frame.planes[0]
    if earlier.shape != later.shape:
        return False
    return np.array_equal(earlier[::_COARSE, ::_COARSE], later[::_COARSE, ::_COARSE]) and np.array_equal(earlier, later)
