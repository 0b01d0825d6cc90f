"""Files as sources: every frame once, in order, with its own time and everything that is known of it."""

import gc
import threading
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import pytest
from av.video.frame import VideoFrame

from eid_stream.core.frame import Colour, Frame, StreamInfo
from eid_stream.sources.file.video_file import VideoFileSource
from tests.media.reading import number_of
from tests.media.side_streams import Sound
from tests.media.writing import Clip, write_clip

VARIABLE = (0, 3600, 9000, 9090, 20_000, 21_000, 40_000, 40_300, 60_000, 61_000, 80_000, 90_000)
BT601 = Colour(matrix=6, primaries=6, transfer=6, full_range=True, chroma_location=1)
BT709 = Colour(matrix=1, primaries=1, transfer=1, full_range=False, chroma_location=1)
BT2020 = Colour(matrix=9, primaries=9, transfer=14, full_range=False, chroma_location=1)


def read(path: Path, *, start: Fraction | None = None, duration: Fraction | None = None) -> list[Frame]:
    source = VideoFileSource(str(path), start_seconds=start, duration_seconds=duration)
    frames = list(source)
    source.close()
    return frames


def numbers(frames: list[Frame]) -> list[int]:
    return [number_of(frame.planes, frame.layout.bit_depth) for frame in frames]


def info_of(path: Path) -> StreamInfo:
    source = VideoFileSource(str(path))
    source.close()
    return source.info


@pytest.mark.parametrize(
    ("name", "clip"),
    [
        ("variable.mp4", Clip(pts=VARIABLE, options={"bf": "2"})),
        ("variable.mkv", Clip(pts=[p // 90 for p in VARIABLE], time_base=Fraction(1, 1000))),
        ("b-frames.mp4", Clip(frames=40, options={"bf": "3"}, sounds=[Sound()])),
        ("hevc.mp4", Clip(codec="libx265", layout="yuv420p10le")),
        ("studio.mkv", Clip(layout="yuv422p10le")),
        ("odd.mkv", Clip(codec="ffv1", size=(101, 67), layout="yuv444p12le")),
    ],
)
def test_every_frame_arrives_once_in_order_with_its_own_time(tmp_path: Path, name: str, clip: Clip) -> None:
    frames = read(write_clip(tmp_path / name, clip))
    assert numbers(frames) == list(range(len(clip.stamps)))
    assert [frame.seconds for frame in frames] == [pts * clip.time_base for pts in clip.stamps]
    assert [frame.index for frame in frames] == list(range(len(frames)))
    assert {(frame.width, frame.height, frame.layout.name) for frame in frames} == {(*clip.size, clip.layout)}


@pytest.mark.parametrize(("name", "told"), [("packed.avi", False), ("raw.h264", True)])
def test_frames_without_time_stamps_follow_each_other_at_the_nominal_rate(
    tmp_path: Path, name: str, told: bool
) -> None:
    clip = Clip(options={"bf": "2"}, time_base=Fraction(1, 25))
    source = VideoFileSource(str(write_clip(tmp_path / name, clip)))
    frames = list(source)
    assert numbers(frames) == list(range(12))
    assert [frame.seconds for frame in frames] == [Fraction(n, 25) for n in range(12)]
    assert source.damage.sentences() == []
    assert any("25 frames a second are taken" in note for note in source.notes) == told


@pytest.mark.parametrize("colour", [BT601, BT709, BT2020])
def test_colour_tags_are_read_from_file_and_frames(tmp_path: Path, colour: Colour) -> None:
    path = write_clip(tmp_path / "tagged.mp4", Clip(colour=colour))
    assert info_of(path).colour == colour
    assert {frame.colour for frame in read(path)} == {colour}


def test_the_stream_is_known_before_its_first_frame(tmp_path: Path) -> None:
    clip = Clip(frames=50, sample_aspect=Fraction(4, 3), rotation=90, sounds=[Sound(seconds=2)])
    info = info_of(write_clip(tmp_path / "clip.mp4", clip))
    assert (info.width, info.height, info.layout.name) == (96, 64, "yuv420p")
    assert (info.sample_aspect, info.rotation, len(info.display_matrix)) == (Fraction(4, 3), 90, 9)
    assert (info.codec, info.frame_count, info.duration_seconds) == ("h264", 50, 2.0)
    assert info.nominal_rate == Fraction(25)
    assert (info.time_base, info.live, info.interlaced) == (Fraction(1, 90_000), False, False)


@pytest.mark.parametrize(("fields", "top_first"), [("tff", True), ("bff", False)])
def test_interlaced_pictures_say_which_field_comes_first(tmp_path: Path, fields: str, top_first: bool) -> None:
    frames = read(write_clip(tmp_path / "fields.mp4", Clip(fields=fields)))
    assert {(frame.interlaced, frame.top_field_first) for frame in frames} == {(True, top_first)}


def test_a_cover_picture_is_not_taken_for_the_video(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "covered.mp4", Clip(cover=True))
    assert numbers(read(path)) == list(range(12))


@pytest.mark.parametrize("name", ["window.mp4", "window.mkv", "window.ts"])
def test_a_window_is_cut_exactly_by_time(tmp_path: Path, name: str) -> None:
    clip = Clip(frames=100, options={"bf": "3", "g": "30"}, sounds=[Sound(seconds=4)])
    path = write_clip(tmp_path / name, clip)
    everything, origin = read(path), info_of(path).start_seconds
    for start, duration in ((Fraction(1), Fraction(1)), (Fraction(38, 25), None), (None, Fraction(1, 3))):
        begin = origin + (start or 0)
        end = begin + duration if duration else Fraction(1000)
        wanted = [(f.pts, n) for f, n in zip(everything, numbers(everything), strict=True) if begin <= f.seconds < end]
        frames = read(path, start=start, duration=duration)
        assert [(f.pts, n) for f, n in zip(frames, numbers(frames), strict=True)] == wanted


def test_planes_are_the_decoders_own_and_read_only(tmp_path: Path) -> None:
    frame = read(write_clip(tmp_path / "clip.mkv"))[0]
    assert frame.buffer is not None
    assert not any(plane.flags.writeable or plane.flags.owndata for plane in frame.planes)


@pytest.mark.parametrize("extension", [".mkv", ".avi"])
def test_a_truncated_file_is_read_to_its_end_and_reported(tmp_path: Path, extension: str) -> None:
    clip = Clip(frames=250, time_base=Fraction(1, 25))
    whole = write_clip(tmp_path / f"whole{extension}", clip).read_bytes()
    broken = tmp_path / f"broken{extension}"
    broken.write_bytes(whole[: len(whole) * 6 // 10])
    source = VideoFileSource(str(broken))
    frames = list(source)
    assert numbers(frames)[:-1] == list(range(len(frames) - 1))
    assert 100 < len(frames) < 250
    assert source.damage.missing_seconds > 1
    assert "truncated" in " ".join(source.damage.sentences())


def test_frames_missing_from_a_constant_rate_are_counted_and_a_variable_rate_has_no_gaps(tmp_path: Path) -> None:
    regular = [n * 3600 for n in range(40) if n not in (20, 21, 30)]
    irregular = [n * n * 100 for n in range(40)]
    counts = []
    for name, pts in (("gap.mp4", regular), ("variable.mp4", irregular)):
        source = VideoFileSource(str(write_clip(tmp_path / name, Clip(pts=pts))))
        assert len(list(source)) == len(pts)
        counts.append(source.damage.missing_frames)
    assert counts == [3, 0]


@pytest.mark.parametrize("codec", ["libx264", "ffv1"])
def test_a_damaged_stretch_is_concealed_or_skipped_and_counted(tmp_path: Path, codec: str) -> None:
    path = write_clip(tmp_path / "flipped.mkv", Clip(frames=120, codec=codec, options={"g": "20"}))
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 3000] = bytes(byte ^ 0x55 for byte in content[middle : middle + 3000])
    path.write_bytes(content)
    source = VideoFileSource(str(path))
    times = [frame.seconds for frame in source]
    assert times == sorted(set(times))
    assert times[0] == 0
    assert times[-1] == Fraction(119, 25)
    assert source.damage.concealed_frames + source.damage.unreadable_packets + (120 - len(times)) > 0
    assert source.damage.sentences()


def test_frames_keep_the_layout_and_show_a_new_size_when_the_video_changes_in_the_middle(tmp_path: Path) -> None:
    small, large = Clip(frames=10), Clip(frames=10, size=(128, 96), layout="yuv422p")
    joined = tmp_path / "joined.h264"
    parts = [write_clip(tmp_path / f"{n}.h264", clip).read_bytes() for n, clip in enumerate((small, large))]
    joined.write_bytes(b"".join(parts))
    frames = read(joined)
    assert [(frame.width, frame.height) for frame in frames] == [(96, 64)] * 10 + [(128, 96)] * 10
    assert {frame.layout.name for frame in frames} == {"yuv420p"}


def test_closing_from_another_thread_ends_the_iteration(tmp_path: Path) -> None:
    source = VideoFileSource(str(write_clip(tmp_path / "clip.mp4", Clip(frames=200))))
    seen = 0
    for _ in source:
        seen += 1
        if seen == 3:
            closer = threading.Thread(target=source.close)
            closer.start()
            closer.join()
    assert seen == 3
    assert not source.has_ended
    source.close()


def test_pictures_that_were_read_are_let_go(tmp_path: Path) -> None:
    """Asked for its side data, a picture would stay until Python looks for cycles: three megabytes a frame."""
    path = write_clip(tmp_path / "long.mp4", Clip(frames=60))
    gc.collect()
    gc.disable()
    try:
        with closing(VideoFileSource(str(path))) as source:
            assert sum(1 for _ in source) == 60
            assert sum(isinstance(one, VideoFrame) for one in gc.get_objects()) <= 5
    finally:
        gc.enable()
