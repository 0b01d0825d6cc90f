"""What comes through a pipe is a file that comes late."""

import os
import threading
import time
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import pytest

from eid_stream.app.options.live_options import LiveOptions
from eid_stream.app.options.run_options import Options
from eid_stream.app.wiring.source_wiring import await_source, begin_to_open
from eid_stream.core.errors import SourceOpenError
from eid_stream.core.frame import Colour
from eid_stream.sinks.file.recorder import Recorder
from eid_stream.sources.file.video_file import VideoFileSource
from tests.media.reading import number_of, read_tracks
from tests.media.side_streams import Sound
from tests.media.writing import Clip, write_clip
from tests.piped import standard_input_from


@pytest.fixture(autouse=True)
def _real_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pytest puts an object of its own where the program would find descriptor 0."""
    reader = SimpleNamespace(fileno=lambda: 0, closed=False)
    reader.buffer = reader
    monkeypatch.setattr("sys.stdin", reader)


@pytest.mark.parametrize(
    ("name", "clip", "format_name"),
    [
        ("clip.h264", Clip(time_base=Fraction(1, 25)), None),
        ("clip.hevc", Clip(codec="libx265", time_base=Fraction(1, 25)), None),
        ("clip.m2v", Clip(codec="mpeg2video", time_base=Fraction(1, 25)), "mpeg2video"),
        ("clip.mjpeg", Clip(codec="mjpeg", colour=Colour(full_range=True), time_base=Fraction(1, 25)), None),
        ("clip.dv", Clip(size=(720, 576), codec="dvvideo", time_base=Fraction(1, 25)), "dv"),
        ("clip.mkv", Clip(), None),
        ("clip.ts", Clip(options={"bf": "2"}), None),
        ("clip.avi", Clip(time_base=Fraction(1, 25)), None),
        ("front.mp4", Clip(movflags="faststart"), None),
        ("fragments.mp4", Clip(movflags="frag_keyframe+empty_moov"), None),
    ],
)
def test_every_frame_comes_once_at_its_time(tmp_path: Path, name: str, clip: Clip, format_name: str | None) -> None:
    path = write_clip(tmp_path / name, clip, format_name=format_name)
    with standard_input_from(path), closing(VideoFileSource("-")) as source:
        frames = list(source)
    assert [number_of(frame.planes, 8) for frame in frames] == list(range(12))
    assert [frame.seconds - frames[0].seconds for frame in frames] == [Fraction(n, 25) for n in range(12)]
    assert source.damage.sentences() == []


@pytest.mark.parametrize("name", ["clip.ts", "clip.mkv", "clip.flv"])
def test_sound_comes_along_from_a_clock_that_begins_anywhere(tmp_path: Path, name: str) -> None:
    base = Fraction(1, 1000)
    stamps = [1_000_000 + 40 * n for n in range(75)]
    clip = Clip(pts=stamps, time_base=base, sounds=[Sound(seconds=3, start=Fraction(1000))])
    path, out = write_clip(tmp_path / name, clip), tmp_path / "out.mkv"
    with standard_input_from(path), closing(VideoFileSource("-")) as source:
        recorder = Recorder(out, source.info, copy_from=source.input)
        for frame in source:
            recorder.write(frame)
        recorder.publish()
    before, (picture, sound) = read_tracks(path), read_tracks(out)
    assert (len(picture.seconds), len(sound.payloads)) == (75, len(before[1].payloads))
    assert min(picture.seconds[0], sound.seconds[0]) == pytest.approx(0, abs=0.025)  # what AAC begins before its sound
    assert picture.seconds[-1] - picture.seconds[0] == pytest.approx(74 / 25, abs=0.002)
    assert any("clock begins at" in note for note in recorder.notes)


def test_an_mp4_with_its_index_at_the_end_is_refused_with_a_way_out(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", Clip(frames=30))
    with standard_input_from(path), pytest.raises(SourceOpenError, match=r"index lies at its end.*faststart"):
        VideoFileSource("-")


def test_nothing_through_a_pipe_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "nothing").touch()
    with standard_input_from(tmp_path / "nothing"), pytest.raises(SourceOpenError, match="Nothing came through"):
        VideoFileSource("-")


def test_a_named_pipe_is_read_like_standard_input(tmp_path: Path) -> None:
    path, pipe = write_clip(tmp_path / "clip.ts"), tmp_path / "pipe"
    os.mkfifo(pipe)
    feeder = threading.Thread(target=lambda: pipe.write_bytes(path.read_bytes()))
    feeder.start()
    with closing(VideoFileSource(str(pipe))) as source:
        assert [number_of(frame.planes, 8) for frame in source] == list(range(12))
    feeder.join()


def test_a_reader_that_waits_for_a_silent_pipe_can_be_ended(tmp_path: Path) -> None:
    content = write_clip(tmp_path / "clip.ts", Clip(frames=50)).read_bytes()
    reading, writing = os.pipe()
    saved = os.dup(0)
    os.dup2(reading, 0)
    try:
        os.write(writing, content[:60_000])
        source = VideoFileSource("-")
        reader = threading.Thread(target=lambda: list(source))
        reader.start()
        source.close()
        reader.join(timeout=5)
        assert not reader.is_alive()
    finally:
        os.dup2(saved, 0)
        for descriptor in (saved, reading, writing):
            os.close(descriptor)


@pytest.mark.parametrize("name", ["raw.h264", "joined.ts"])
def test_what_is_watched_has_the_times_of_a_file_and_is_live(tmp_path: Path, name: str) -> None:
    path = write_clip(tmp_path / name, Clip(time_base=Fraction(1, 25)))
    path.write_bytes(path.read_bytes() * 2)
    with closing(VideoFileSource(str(path))) as source:
        expected = [(number_of(frame.planes, 8), frame.seconds) for frame in source]
    watching, before_ns = Options(source="-"), time.monotonic_ns()
    with standard_input_from(path), closing(await_source(begin_to_open(watching, LiveOptions()), watching)) as watched:
        frames = list(watched)
    assert watched.info.live
    assert [(number_of(frame.planes, 8), frame.seconds) for frame in frames] == expected
    assert all(before_ns < frame.captured_ns < time.monotonic_ns() for frame in frames)


def test_a_file_that_is_put_into_standard_input_is_watched_at_its_own_speed(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", Clip(frames=5))
    watching = Options(source="-")
    saved = os.dup(0)
    descriptor = os.open(path, os.O_RDONLY)
    os.dup2(descriptor, 0)
    try:
        with closing(await_source(begin_to_open(watching, LiveOptions()), watching)) as watched:
            began = time.monotonic()
            assert len(list(watched)) == 5
            assert time.monotonic() - began > 0.15
    finally:
        os.dup2(saved, 0)
        os.close(saved)
        os.close(descriptor)
