"""The beginning of another source: for sources that cannot cut themselves."""

import math
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from eid_stream.core.frame import Frame, StreamInfo
from eid_stream.core.interfaces import Source


class LimitedSource:
    """Ends another source after so many seconds of its own time, counted from its first frame."""

    def __init__(self, source: Source, duration_seconds: Fraction) -> None:
        """Wrap a source; ``duration_seconds`` is greater than 0."""
        self.wrapped = source
        self._duration_seconds = duration_seconds

    @property
    def info(self) -> StreamInfo:
        """What is known before the first frame, with the shorter duration."""
        info = self.wrapped.info
        seconds = float(self._duration_seconds)
        shorter = seconds if info.duration_seconds is None else min(seconds, info.duration_seconds)
        if info.nominal_rate is None:
            return replace(info, duration_seconds=shorter, frame_count=None)
        frames = math.ceil(self._duration_seconds * info.nominal_rate)
        fewer = frames if info.frame_count is None else min(frames, info.frame_count)
        return replace(info, duration_seconds=shorter, frame_count=fewer)

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames of the first seconds."""
        end: Fraction | None = None
        for frame in self.wrapped:
            end = frame.seconds + self._duration_seconds if end is None else end
            if frame.seconds >= end:
                return
            yield frame

    def close(self) -> None:
        """Close the wrapped source."""
        self.wrapped.close()
