"""Key frames alone, of real files."""

from fractions import Fraction
from pathlib import Path

import numpy as np

from eid_stream.sources.file.key_frames import read_key_frames
from eid_stream.sources.file.video_file import VideoFileSource
from tests.media.writing import Clip, write_clip

EVERY_TENTH = {"g": "10", "keyint_min": "10", "sc_threshold": "0"}


def seconds_of(source: VideoFileSource, *, first: float = -1e9, last: float = 1e9, every: float = 0.0) -> list[float]:
    frames = read_key_frames(source.input, source.info, first_seconds=first, last_seconds=last, every_seconds=every)
    return [round(float(frame.seconds), 3) for frame in frames]


def test_key_frames_come_in_order_with_the_pictures_the_source_shows(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", Clip(frames=50, options=EVERY_TENTH, rate=Fraction(25)))
    source = VideoFileSource(str(path))
    shown = {round(float(frame.seconds), 3): frame.planes[0].copy() for frame in source}
    frames = list(read_key_frames(source.input, source.info, first_seconds=-1.0, last_seconds=1e9, every_seconds=0.0))
    assert [round(float(frame.seconds), 3) for frame in frames] == [0.0, 0.4, 0.8, 1.2, 1.6]
    for frame in frames:
        np.testing.assert_array_equal(frame.planes[0], shown[round(float(frame.seconds), 3)])
    source.close()


def test_of_every_stretch_of_time_the_first_key_frame_comes_from_wherever_it_is_read(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", Clip(frames=50, options=EVERY_TENTH, rate=Fraction(25)))
    source = VideoFileSource(str(path))
    assert seconds_of(source, every=0.7) == [0.0, 0.8, 1.6]
    assert seconds_of(source, first=0.7, every=0.7) == [0.8, 1.6]
    assert seconds_of(source, first=0.7, last=1.4, every=0.7) == [0.8]
    assert seconds_of(source, first=0.5, last=1.2) == [0.8]
    source.close()


def test_a_damaged_end_ends_the_key_frames_without_an_error(tmp_path: Path) -> None:
    whole = write_clip(tmp_path / "whole.mkv", Clip(frames=50, options=EVERY_TENTH))
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    source = VideoFileSource(str(cut))
    assert seconds_of(source)[0] == 0.0
    source.close()
