"""What a recording keeps of the picture: every frame, its time, its size, its colour."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from eid_stream.core.errors import ConfigError
from eid_stream.core.ffmpeg.picture_buffer import copy, view
from eid_stream.core.frame import PIXEL_LAYOUTS, Colour, StreamInfo
from eid_stream.sinks.file.recorder import Recorder
from eid_stream.sources.file.video_file import VideoFileSource
from tests.media.reading import number_of, read_pictures
from tests.media.writing import Clip, write_clip
from tests.stand_ins.passthrough import pass_through

VARIABLE = (0, 3600, 9000, 9090, 20_000, 21_000, 40_000, 40_300, 60_000, 61_000, 80_000, 90_000)
BT601 = Colour(matrix=6, primaries=6, transfer=6, full_range=True)
BT709 = Colour(matrix=1, primaries=1, transfer=1, full_range=False)
HDR = Colour(matrix=9, primaries=9, transfer=16, full_range=False)


def info_of(path: Path) -> StreamInfo:
    source = VideoFileSource(str(path))
    source.close()
    return source.info


def kept(info: StreamInfo) -> StreamInfo:
    """What must not differ: all but the name, and what the container counts in its own way."""
    return replace(info, address="", time_base=Fraction(1), frame_count=None, duration_seconds=None, nominal_rate=None)


CLIPS = {
    "variable.mp4": Clip(pts=VARIABLE, options={"bf": "2"}),
    "variable.mkv": Clip(pts=[p // 90 for p in VARIABLE], time_base=Fraction(1, 1000)),
    "hevc.mp4": Clip(codec="libx265", layout="yuv420p10le", colour=HDR),
    "studio.mkv": Clip(layout="yuv422p10le", colour=BT709),
    "full.mp4": Clip(colour=BT601),
    "dense.mkv": Clip(layout="yuv444p"),
    "anamorphic.mp4": Clip(sample_aspect=Fraction(4, 3)),
    "turned.mp4": Clip(rotation=90),
    "upside-down.mkv": Clip(rotation=180),
    "mirrored.mp4": Clip(rotation=90, mirrored=True),
    "odd.mkv": Clip(codec="ffv1", size=(101, 67)),
    "fields.mp4": Clip(fields="tff"),
    "fields.mkv": Clip(fields="bff"),
    "b-frames.mp4": Clip(frames=60, options={"bf": "3"}),
    "late.mp4": Clip(pts=range(45_000, 135_000, 3600)),
    "film.mkv": Clip(codec="libsvtav1", colour=BT709),
}


NOT_IN_QUICKTIME = ("odd.mkv", "film.mkv")


@pytest.mark.parametrize(
    ("name", "extension"),
    [(n, e) for n in CLIPS for e in (".mp4", ".mkv", ".mov") if e != ".mov" or n not in NOT_IN_QUICKTIME],
)
def test_frames_times_and_tags_are_kept(tmp_path: Path, name: str, extension: str) -> None:
    source = write_clip(tmp_path / name, CLIPS[name])
    out = tmp_path / f"out{extension}"
    passed = pass_through(source, out)
    before, after = read_pictures(source), read_pictures(out)
    assert [number for _, number in after] == [number for _, number in before] == list(range(passed.frames))
    tolerance = Fraction(1, 2000) if extension == ".mkv" else 0
    assert max(abs(a - b) for (a, _), (b, _) in zip(before, after, strict=True)) <= tolerance
    assert kept(info_of(out)) == kept(info_of(source))


def test_matroska_says_that_it_rounds_times_only_where_it_does(tmp_path: Path) -> None:
    fine, coarse = write_clip(tmp_path / "fine.mp4"), write_clip(tmp_path / "coarse.mkv")
    assert any("millisecond" in note for note in pass_through(fine, tmp_path / "a.mkv").notes)
    assert pass_through(coarse, tmp_path / "b.mkv").notes == []


def psnr(path: Path, other: Path) -> float:
    with av.open(str(path)) as a, av.open(str(other)) as b:
        errors = [
            np.square(x.to_ndarray().astype(float) - y.to_ndarray().astype(float)).mean()
            for x, y in zip(a.decode(video=0), b.decode(video=0), strict=True)
        ]
    return float(10 * np.log10(255**2 / max(np.mean(errors), 1e-9)))


@pytest.mark.parametrize("codec", ["h264", "hevc", "av1", "ffv1"])
def test_every_codec_is_visually_lossless_by_default(tmp_path: Path, codec: str) -> None:
    source = write_clip(tmp_path / "clip.mkv", Clip(frames=20, options={"qp": "4"}, size=(320, 192)))
    out = tmp_path / "out.mkv"
    pass_through(source, out, codec=codec)
    with av.open(str(out)) as container:
        assert container.streams.video[0].codec_context.codec.canonical_name == codec
    assert psnr(source, out) > (90 if codec == "ffv1" else 40)


def test_an_odd_size_is_widened_by_repeating_the_edge_where_the_codec_needs_even_ones(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "odd.mkv", Clip(codec="ffv1", size=(101, 67)))
    passed = pass_through(source, tmp_path / "out.mkv", codec="h264")
    assert any("102x68" in note for note in passed.notes)
    info = info_of(passed.path)
    assert (info.width, info.height) == (102, 68)
    assert [number for _, number in read_pictures(passed.path)] == list(range(12))


def test_the_output_is_as_large_as_its_largest_picture_and_others_are_letterboxed(tmp_path: Path) -> None:
    parts = [Clip(frames=10), Clip(frames=10, size=(192, 64))]
    joined = tmp_path / "joined.h264"
    joined.write_bytes(b"".join(write_clip(tmp_path / f"{n}.h264", c).read_bytes() for n, c in enumerate(parts)))
    out = pass_through(joined, tmp_path / "out.mkv").path
    with av.open(str(out)) as container:
        pictures = [picture.to_ndarray() for picture in container.decode(video=0)]
    assert len(pictures) == 20
    assert pictures[0].shape == (96, 192)
    small, large = pictures[5][:64], pictures[15][:64]
    assert max(small[:, :46].max(), small[:, -46:].max()) < 30
    assert small[:, 52:140].min() > 30
    assert large[20:44].min() > 30


def test_the_window_becomes_time_zero(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "long.mp4", Clip(frames=100, options={"bf": "3"}))
    passed = pass_through(source, tmp_path / "out.mp4", start=Fraction(1), duration=Fraction(1, 2))
    assert read_pictures(passed.path) == [(Fraction(n, 25), 25 + n) for n in range(13)]


def test_planes_without_a_picture_of_ffmpegs_are_recorded_too(tmp_path: Path) -> None:
    source = VideoFileSource(str(write_clip(tmp_path / "clip.mkv")))
    recorder = Recorder(tmp_path / "out.mkv", source.info)
    for frame in source:
        recorder.write(replace(frame, planes=view(copy(frame.planes, frame.layout)), buffer=None))
    recorder.publish()
    assert [number for _, number in read_pictures(tmp_path / "out.mkv")] == list(range(12))


def test_recording_leaves_the_frames_as_they_are(tmp_path: Path) -> None:
    source = VideoFileSource(str(write_clip(tmp_path / "clip.mkv", Clip(frames=3))))
    recorder = Recorder(tmp_path / "out.mkv", source.info)
    for number, frame in enumerate(source):
        before = [plane.copy() for plane in frame.planes]
        recorder.write(frame)
        assert number_of(frame.planes, 8) == number
        assert all((a == b).all() for a, b in zip(before, frame.planes, strict=True))
    recorder.publish()


def refusal(make: Callable[[], Recorder]) -> str:
    with pytest.raises(ConfigError) as caught:
        make()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_unknown_codecs_qualities_presets_and_extensions_are_refused_with_what_exists(tmp_path: Path) -> None:
    info = info_of(write_clip(tmp_path / "clip.mkv"))
    out = tmp_path / "out.mkv"
    assert "h264, hevc, av1, ffv1" in refusal(lambda: Recorder(out, info, codec="theora"))
    assert "0 (best) to 51" in refusal(lambda: Recorder(out, info, quality=99))
    assert "lossless" in refusal(lambda: Recorder(out, info, codec="ffv1", quality=10))
    assert "veryfast" in refusal(lambda: Recorder(out, info, preset="warp"))
    assert ".mkv" in refusal(lambda: Recorder(tmp_path / "out.txt", info))
    assert "hevc" in refusal(lambda: Recorder(out, replace(info, layout=PIXEL_LAYOUTS["yuv420p12le"]), codec="h264"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mkv"]


def test_interlacing_chooses_a_codec_that_marks_it(tmp_path: Path) -> None:
    fields = write_clip(tmp_path / "fields.mp4", Clip(fields="tff"))
    info = replace(info_of(fields), codec="hevc")
    recorder = Recorder(tmp_path / "out.mp4", info)
    recorder.close()
    assert recorder.notes == ["The video is hevc and is written as h264."]
    assert any("interlaced" in note for note in pass_through(fields, tmp_path / "asked.mp4", codec="hevc").notes)


@pytest.mark.parametrize("codec", ["ffv1", "libsvtav1"])
def test_a_codec_that_the_container_cannot_hold_is_replaced_with_a_note(tmp_path: Path, codec: str) -> None:
    source = write_clip(tmp_path / "clip.mkv", Clip(codec=codec, layout="yuv420p10le"))
    passed = pass_through(source, tmp_path / "out.mov")
    assert any("is written as h264" in note for note in passed.notes)
    assert info_of(passed.path).layout.name == "yuv420p10le"
