from collections import namedtuple
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from eid_stream.core.errors import SinkOpenError, SinkWriteError
from eid_stream.core.ffmpeg.picture_buffer import allocate
from eid_stream.core.frame import DEHAZED, PIXEL_LAYOUTS, Colour, Frame, StreamInfo
from eid_stream.core.interfaces import Sink
from eid_stream.sinks.file.disk_space import DiskSpace
from eid_stream.sinks.file.live_recorder import LiveRecorder, SegmentLimit
from eid_stream.sinks.file.recorder import Recorder
from eid_stream.sinks.stream.retrying import RetryingSink
from eid_stream.sinks.stream.virtual_camera import VirtualCamera, packed_i420

LAYOUT = PIXEL_LAYOUTS["yuv420p"]
INFO = StreamInfo("test", 64, 48, LAYOUT, Colour(), Fraction(1, 25), nominal_rate=Fraction(25))
Usage = namedtuple("Usage", "total used free")
GIB = 1 << 30


def make_frame(index: int, *, width: int = 64, height: int = 48, luma: int | None = None) -> Frame:
    planes, buffer = allocate(width, height, LAYOUT)
    for plane, value in zip(planes, (index % 200 + 20 if luma is None else luma, 128, 128), strict=True):
        plane[...] = value
    return Frame(planes, LAYOUT, Colour(), index, Fraction(1, 25), index, index * 40_000_000, 1, buffer=buffer)


def open_segment(path: Path, first: Frame) -> Recorder:
    info = StreamInfo("test", first.width, first.height, first.layout, first.colour, first.time_base)
    return Recorder(path, info, codec="ffv1")


def lumas(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        return [round(float(p.to_ndarray()[: p.height].mean())) for p in container.decode(video=0)]


def times(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        return [float(picture.time or 0) for picture in container.decode(video=0)]


def test_without_segments_the_file_has_the_asked_name(tmp_path: Path) -> None:
    recorder = LiveRecorder(tmp_path / "clear.mkv", open_segment)
    for index in range(5):
        recorder.write(make_frame(index))
    recorder.close()
    assert [path.name for path in tmp_path.iterdir()] == ["clear.mkv"]
    assert lumas(tmp_path / "clear.mkv") == [20, 21, 22, 23, 24]


def test_segments_by_time_play_on_their_own_and_hold_every_frame_once(tmp_path: Path) -> None:
    recorder = LiveRecorder(tmp_path / "clear.mkv", open_segment, limit=SegmentLimit(seconds=Fraction(2, 5)))
    for index in range(25):
        recorder.write(make_frame(index))
    recorder.close()
    files = sorted(tmp_path.iterdir())
    assert [path.name for path in files] == ["clear-001.mkv", "clear-002.mkv", "clear-003.mkv"]
    assert [value for path in files for value in lumas(path)] == list(range(20, 45))
    for path in files:
        assert times(path)[0] == 0.0


@pytest.mark.parametrize("name", ["clear.mkv", "clear.mp4", "clear.mov"])
def test_bookmarks_become_chapters_with_their_notes(tmp_path: Path, name: str) -> None:
    recorder = LiveRecorder(
        tmp_path / name, lambda path, first: Recorder(path, replace(INFO, width=first.width, height=first.height))
    )
    for index in range(75):
        if index in (25, 50):
            recorder.bookmark(f"clip {index}")
        recorder.write(make_frame(index))
    recorder.close()
    with av.open(str(tmp_path / name)) as container:
        chapters = [(float(c["start"] * c["time_base"]), c["metadata"]["title"]) for c in container.chapters()]  # type: ignore[operator]
    assert chapters == [(0.0, "beginning"), (1.0, "clip 25"), (2.0, "clip 50")]


def test_segments_by_size_end_when_the_file_is_large_enough(tmp_path: Path) -> None:
    recorder = LiveRecorder(tmp_path / "clear.mkv", open_segment, limit=SegmentLimit(size_bytes=20_000))
    noise = np.random.default_rng(1)
    for index in range(300):
        frame = make_frame(index)
        frame.planes[0][...] = noise.integers(0, 255, (48, 64), np.uint8)
        recorder.write(frame)
    recorder.close()
    files = sorted(tmp_path.iterdir())
    assert len(files) > 2
    assert sum(len(lumas(path)) for path in files) == 300
    assert all(path.stat().st_size >= 20_000 for path in files[:-1])


def test_a_change_of_size_begins_a_new_file(tmp_path: Path) -> None:
    recorder = LiveRecorder(tmp_path / "clear.mkv", open_segment)
    for index in range(4):
        recorder.write(make_frame(index))
    for index in range(4, 8):
        recorder.write(make_frame(index, width=128, height=96))
    recorder.close()
    assert lumas(tmp_path / "clear.mkv") == [20, 21, 22, 23]
    assert lumas(tmp_path / "clear-002.mkv") == [24, 25, 26, 27]


def test_recording_is_switched_on_and_off(tmp_path: Path) -> None:
    recorder = LiveRecorder(tmp_path / "clear.mkv", open_segment, recording=False)
    recorder.write(make_frame(0))
    assert list(tmp_path.iterdir()) == []
    recorder.wanted = True
    recorder.write(make_frame(1))
    recorder.write(make_frame(3))
    assert recorder.seconds == pytest.approx(0.08)
    recorder.wanted = False
    recorder.write(make_frame(4))
    assert lumas(tmp_path / "clear.mkv") == [21, 23]
    recorder.wanted = True
    recorder.write(make_frame(5))
    recorder.close()
    assert lumas(tmp_path / "clear-002.mkv") == [25]


def test_an_existing_file_is_never_touched(tmp_path: Path) -> None:
    kept = tmp_path / "clear-001.mkv"
    kept.write_bytes(b"mine")
    recorder = LiveRecorder(tmp_path / "clear.mkv", open_segment, limit=SegmentLimit(seconds=Fraction(10)))
    recorder.write(make_frame(0))
    recorder.close()
    assert kept.read_bytes() == b"mine"
    assert lumas(tmp_path / "clear-002.mkv") == [20]


def test_the_original_is_recorded_in_step(tmp_path: Path) -> None:
    enhanced, original = (
        LiveRecorder(tmp_path / f"{name}.mkv", open_segment, captured=name == "original")
        for name in ("enhanced", "original")
    )
    for index in range(5):
        captured = make_frame(index)
        shown = replace(make_frame(index, luma=100 + index), original=captured, state=DEHAZED)
        enhanced.write(shown)
        original.write(shown)
    enhanced.close()
    original.close()
    assert lumas(tmp_path / "enhanced.mkv") == [100, 101, 102, 103, 104]
    assert lumas(tmp_path / "original.mkv") == [20, 21, 22, 23, 24]
    assert times(tmp_path / "enhanced.mkv") == times(tmp_path / "original.mkv")


def test_the_disk_guard_warns_and_then_ends_the_recording_well(tmp_path: Path) -> None:
    free = [100 * GIB]
    space = DiskSpace(tmp_path, usage=lambda _: Usage(500 * GIB, 0, free[0]), check_seconds=0.0)
    recorder = LiveRecorder(tmp_path / "clear.mkv", open_segment, space=space)
    recorder.write(make_frame(0))
    assert recorder.warning == ""
    free[0] = 3 * GIB
    recorder.write(make_frame(1))
    assert recorder.warning == "disk: 3072 MiB left"
    free[0] = 100 << 20
    recorder.write(make_frame(2))
    assert recorder.warning == "recording stopped: the disk is full"
    assert not recorder.wanted
    assert lumas(tmp_path / "clear.mkv") == [20, 21]
    with pytest.raises(SinkWriteError, match="stopped before its end, because the disk was nearly full"):
        recorder.close()


class Flaky:
    """A sink that fails on demand."""

    def __init__(self) -> None:
        self.taken: list[int] = []
        self.failing = False
        self.closed = False

    def write(self, frame: Frame) -> None:
        if self.failing:
            raise SinkWriteError("the receiver is gone")
        self.taken.append(frame.index)

    def close(self) -> None:
        self.closed = True


def test_a_lost_outlet_is_opened_again_and_frames_in_between_are_counted() -> None:
    opened: list[Flaky] = []

    def open_sink(first: Frame) -> Sink:
        opened.append(Flaky())
        return opened[-1]

    sink = RetryingSink(open_sink, first_pause_seconds=0.0)
    sink.write(make_frame(0))
    opened[0].failing = True
    sink.write(make_frame(1))
    assert (sink.trouble, opened[0].closed) == ("the receiver is gone", True)
    sink.write(make_frame(2))
    assert (sink.trouble, sink.missed) == ("", 1)
    sink.close()
    assert [flaky.taken for flaky in opened] == [[0], [2]]


def test_an_outlet_that_cannot_be_opened_holds_nobody_up() -> None:
    attempts: list[int] = []

    def refuse(first: Frame) -> Sink:
        attempts.append(first.index)
        raise SinkOpenError("nobody takes the stream")

    sink = RetryingSink(refuse, first_pause_seconds=60.0)
    for index in range(10):
        sink.write(make_frame(index))
    with pytest.raises(SinkWriteError, match="Nobody has received any of 10 frames: nobody takes the stream"):
        sink.close()
    assert (attempts, sink.missed, sink.trouble) == ([0], 10, "nobody takes the stream")


def test_a_change_of_size_opens_an_outlet_anew() -> None:
    sizes: list[int] = []

    def open_sink(first: Frame) -> Sink:
        sizes.append(first.width)
        return Flaky()

    sink = RetryingSink(open_sink)
    for width in (64, 64, 128):
        sink.write(make_frame(0, width=width))
    assert sizes == [64, 128]


def test_a_virtual_camera_without_a_device_says_what_to_do() -> None:
    pytest.importorskip("pyvirtualcam", reason="the extra virtual-camera is not installed")
    with pytest.raises(SinkOpenError, match="v4l2loopback"):
        VirtualCamera("/dev/video978", make_frame(0), rate=25.0)


def test_a_virtual_camera_gets_the_planes_without_their_gaps() -> None:
    frame = make_frame(7, width=50, height=38)
    packed = packed_i420(frame.planes)
    assert packed.size == 50 * 38 * 3 // 2
    assert packed[: 50 * 38].tolist() == [27] * (50 * 38)
    assert packed[50 * 38 :].tolist() == [128] * (50 * 38 // 2)
