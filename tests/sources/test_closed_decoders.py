"""A source that is closed has no decoder left, though somebody still holds it: each has threads and pictures."""

import os
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from eid_stream.core.interfaces import Source
from eid_stream.sources.file.video_file import VideoFileSource
from eid_stream.sources.live.live_stream import LiveInput, LiveStream
from tests.media.writing import write_clip

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or os.cpu_count() == 1, reason="FFmpeg's threads are seen on Linux alone"
)
OPENED: dict[str, Callable[[str], Source]] = {
    "a file": VideoFileSource,
    "a part of a file": lambda path: VideoFileSource(path, start_seconds=Fraction(1, 5)),
    "a stream": lambda path: LiveStream(LiveInput(label="a stream", target=path)),
}


def threads() -> set[int]:
    """Every thread of this process, also those that Python does not know."""
    return {int(task.name) for task in Path("/proc/self/task").iterdir()}


@pytest.mark.parametrize("kind", OPENED)
def test_a_closed_source_keeps_no_decoder(kind: str, tmp_path: Path) -> None:
    before = threads()
    source = OPENED[kind](str(write_clip(tmp_path / "clip.mp4")))
    frames = iter(source)
    next(frames)
    decoding = threads() - before
    assert decoding
    source.close()
    assert list(frames) == []
    assert not decoding & threads()
