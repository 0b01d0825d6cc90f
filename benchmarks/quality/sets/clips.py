"""Real clips as frames, read as the product reads them."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from eid_stream.core.frame import Frame
from eid_stream.sources.file.video_file import VideoFileSource


def read_clip(*paths: Path) -> Iterator[Frame]:
    """Frames of files that join without a gap; their numbers and time run on.

    Raises:
        SourceError: a file cannot be read.
    """
    index = ended = 0
    for path in paths:
        begins = ended
        with closing(VideoFileSource(str(path))) as source:
            for frame in source:
                yield replace(frame, index=index, pts=begins + frame.pts)
                ended = begins + frame.pts + frame.duration
                index += 1
