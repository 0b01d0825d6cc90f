"""What every source does, wherever its frames come from. Add new sources to ``SOURCES``."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from eid_stream.core.interfaces import Source
from eid_stream.sources.file.video_file import VideoFileSource
from eid_stream.sources.phantom.phantom_source import PhantomSource
from tests.media.side_streams import Sound
from tests.media.writing import Clip, write_clip

SOURCES: dict[str, Callable[[Path], Source]] = {
    "file": lambda folder: VideoFileSource(str(write_clip(folder / "clip.mp4", Clip(frames=30, sounds=[Sound()])))),
    "phantom": lambda _: PhantomSource("phantom:?size=160x120&rate=25&frames=30&seed=1"),
}


@pytest.fixture(params=SOURCES)
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    return SOURCES[request.param](tmp_path)


def test_frames_are_what_the_info_promised(source: Source) -> None:
    info = source.info
    frames = list(source)
    source.close()
    assert len(frames) == (info.frame_count or len(frames)) > 0
    for frame in frames:
        assert (frame.width, frame.height, frame.layout) == (info.width, info.height, info.layout)
        assert (frame.colour, frame.time_base) == (info.colour, info.time_base)
        assert tuple(plane.shape for plane in frame.planes) == info.layout.plane_shapes(info.width, info.height)
        assert all(plane.dtype == info.layout.dtype and plane.strides[1] == plane.itemsize for plane in frame.planes)


def test_time_and_number_only_go_forward(source: Source) -> None:
    frames = list(source)
    source.close()
    assert [frame.index for frame in frames] == list(range(len(frames)))
    times = [frame.pts for frame in frames]
    assert times == sorted(set(times))
    assert [f.captured_ns for f in frames] == sorted(f.captured_ns for f in frames)


def test_frames_are_as_captured_and_not_to_be_written(source: Source) -> None:
    frame = next(iter(source))
    assert not frame.state.dehazed
    assert frame.captured is frame
    for plane in frame.planes:
        with pytest.raises(ValueError, match="read-only"):
            plane[0, 0] = 0
    source.close()


def test_an_earlier_frame_is_not_touched_by_a_later_one(source: Source) -> None:
    frames = iter(source)
    first = next(frames)
    before = [plane.copy() for plane in first.planes]
    for _ in range(10):
        next(frames)
    assert all(np.array_equal(a, b) for a, b in zip(before, first.planes, strict=True))
    source.close()


def test_a_source_may_be_closed_twice_and_ends_its_iteration(source: Source) -> None:
    frames = iter(source)
    next(frames)
    source.close()
    source.close()
    assert list(frames) == []
