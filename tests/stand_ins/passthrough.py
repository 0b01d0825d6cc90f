"""A file through source and recorder without anything in between."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av

from eid_stream.sinks.file.recorder import Recorder
from eid_stream.sources.file.video_file import VideoFileSource


@dataclass(frozen=True, slots=True)
class Passed:
    """What came of it."""

    path: Path
    frames: int
    notes: list[str]
    damage: list[str]
    tags: dict[str, str]
    """Of the whole file."""


def pass_through(
    source_path: Path,
    out: Path,
    *,
    start: Fraction | None = None,
    duration: Fraction | None = None,
    codec: str | None = None,
    stop_after: int | None = None,
) -> Passed:
    """Record a file as it is; ``stop_after`` frames it is interrupted, as by Ctrl-C."""
    source = VideoFileSource(str(source_path), start_seconds=start, duration_seconds=duration)
    recorder = Recorder(
        out,
        source.info,
        copy_from=source_path,
        start_seconds=start,
        duration_seconds=duration,
        source_has_ended=lambda: source.has_ended,
        codec=codec,
        tags={"enhanced": "by a test"},
    )
    frames = 0
    for frame in source:
        recorder.write(frame)
        frames += 1
        if frames == stop_after:
            break
    recorder.publish()
    source.close()
    with av.open(str(out)) as container:
        tags = dict(container.metadata)
    return Passed(out, frames, recorder.notes, source.damage.sentences(), tags)
