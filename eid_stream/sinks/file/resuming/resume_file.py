"""``NAME.part.resume``: what is to be known beside an unfinished file to go on with it."""

import os
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np

from eid_stream.core.saved_state import restored, saved

Times = tuple[int, int, int]
"""Presentation time, decoding time and duration of a packet, in units of the video's time base."""
_KEPT = 3
"""Checkpoints that are kept: the packets before the latest are not all written out yet, those before the oldest are."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where a section begins: what was written so far, and what every stage knew."""

    frames: int
    """Frames before it, which is the number of packets before it."""
    seconds: Fraction
    """Presentation time of its first frame."""
    reached: Fraction
    """Where the frame before it ends."""
    states: dict[str, bytes]


@dataclass(slots=True)
class ResumeFile:
    """Written anew at every checkpoint, at once and as a whole. ``key`` says of what a file is made, and how."""

    path: Path
    key: str
    checkpoints: list[Checkpoint] = field(default_factory=list)
    times: list[Times] = field(default_factory=list)
    """Of all packets before the latest checkpoint, and after it."""

    def write(self, *, at_once: bool = True) -> None:
        """Store it; ``at_once`` also on the disk, so that a power cut cannot leave an empty one.

        Raises:
            OSError: it cannot be stored.
        """
        known = [(one.frames, one.seconds, one.reached, one.states) for one in self.checkpoints]
        packed = zlib.compress(np.diff(np.array([(0, 0, 0), *self.times], np.int64), axis=0).tobytes(), 1)
        fresh = self.path.with_name(f"{self.path.name}.new")
        with fresh.open("wb") as file:
            file.write(saved({"key": self.key, "checkpoints": known, "times": packed}))
            file.flush()
            if at_once:
                os.fsync(file.fileno())
        fresh.replace(self.path)

    def add(self, checkpoint: Checkpoint) -> None:
        """Store a checkpoint, and let the oldest go.

        Raises:
            OSError: it cannot be stored.
        """
        self.checkpoints = [*self.checkpoints, checkpoint][-_KEPT:]
        self.write()

    def forget(self) -> None:
        """Remove it."""
        for path in (self.path, self.path.with_name(f"{self.path.name}.new")):
            with suppress(OSError):
                path.unlink()


def read_resume_file(path: Path, key: str) -> ResumeFile | None:
    """What an earlier run has stored; None where there is nothing, or it is of another file or of other options."""
    try:
        content = restored(path.read_bytes())
        if content["key"] != key:
            return None
        checkpoints = [Checkpoint(*known) for known in content["checkpoints"]]
        steps = np.frombuffer(zlib.decompress(content["times"]), np.int64).reshape(-1, 3)
    except (OSError, ValueError, KeyError, TypeError, zlib.error):
        return None
    return ResumeFile(path, key, checkpoints, _as_times(np.cumsum(steps, axis=0).tolist()))


def _as_times(rows: Sequence[Sequence[int]]) -> list[Times]:
    return [(pts, dts, duration) for pts, dts, duration in rows]
