"""Sound follows the picture wherever a recorder's clock begins, restarts, jumps or wraps."""

from fractions import Fraction
from pathlib import Path

import pytest

from eid_stream.sinks.file.side.timecode import later
from tests.media.reading import Track, read_pictures, read_tracks
from tests.media.side_streams import Sound
from tests.media.writing import Clip, write_clip
from tests.stand_ins.passthrough import Passed, pass_through

RATE = 25
WRAP = 1 << 33
"""The clock of MPEG-2 systems counts so far, in units of 1/90000 s."""


def part(path: Path, begins: Fraction, *, codec: str = "libx264", format_name: str | None = None) -> bytes:
    """Two seconds of pictures and sound on a clock that begins anywhere."""
    base = Fraction(1, 90_000) if codec == "libx264" else Fraction(1, RATE)
    first = round(begins / base)
    sound = Sound("aac" if codec == "libx264" else "mp2", seconds=2, start=begins)
    clip = Clip(
        pts=[first + number * round(1 / base / RATE) for number in range(2 * RATE)],
        time_base=base,
        codec=codec,
        options={"g": "10"},
        sounds=[sound],
    )
    return write_clip(path, clip, format_name=format_name).read_bytes()


def in_step(passed: Passed, frames: int) -> tuple[Track, Track]:
    """The tracks of a file in which pictures and sound run on without a break, side by side."""
    picture, sound = read_tracks(passed.path)[:2]
    assert len(picture.seconds) == passed.frames == frames
    for track, longest in ((picture, 0.09), (sound, 0.07)):
        steps = [float(b - a) for a, b in zip(track.seconds, track.seconds[1:], strict=False)]
        assert min(steps) > 0
        assert max(steps) < longest, track.type
    assert float(picture.seconds[0] - sound.seconds[0]) == pytest.approx(0, abs=0.08)
    assert float(picture.seconds[-1] - sound.seconds[-1]) == pytest.approx(0, abs=0.08)
    return picture, sound


@pytest.mark.parametrize("extension", [".mp4", ".mkv"])
@pytest.mark.parametrize("before_seconds", [Fraction(1, 10), Fraction(1)])
def test_a_clock_that_wraps_in_its_first_minute_hides_no_frame(
    tmp_path: Path, before_seconds: Fraction, extension: str
) -> None:
    source = tmp_path / "wraps.ts"
    part(source, Fraction(WRAP, 90_000) - before_seconds)
    passed = pass_through(source, tmp_path / f"out{extension}")
    picture, _ = in_step(passed, 2 * RATE)
    assert [number for _, number in read_pictures(passed.path)] == list(range(2 * RATE))
    assert float(picture.seconds[0]) == pytest.approx(0, abs=0.03)
    assert passed.damage == []


@pytest.mark.parametrize(("first", "second"), [(0, 100), (100, 0), (0, 0), (50_000, 3)])
@pytest.mark.parametrize("extension", [".mp4", ".mkv"])
def test_recordings_joined_byte_by_byte_run_on(tmp_path: Path, first: int, second: int, extension: str) -> None:
    joined = tmp_path / "joined.ts"
    joined.write_bytes(part(tmp_path / "a.ts", Fraction(first)) + part(tmp_path / "b.ts", Fraction(second)))
    passed = pass_through(joined, tmp_path / f"out{extension}")
    in_step(passed, 4 * RATE)
    assert [number for _, number in read_pictures(passed.path)] == [*range(2 * RATE)] * 2
    assert passed.damage == ["The file's clock begins anew or jumps, and sound and picture are joined: 1 time(s)."]


@pytest.mark.parametrize(
    ("name", "codec", "format_name"), [("joined.ts", "libx264", None), ("joined.vob", "mpeg2video", "vob")]
)
@pytest.mark.parametrize("start", [1, 3])
def test_a_start_counts_on_the_clock_of_the_whole_also_behind_a_restart(
    tmp_path: Path, name: str, codec: str, format_name: str | None, start: int
) -> None:
    joined = tmp_path / name
    one = part(tmp_path / f"part-{name}", Fraction(1), codec=codec, format_name=format_name)
    joined.write_bytes(one * 2)
    passed = pass_through(joined, tmp_path / "out.mkv", start=Fraction(start), codec="h264")
    numbers = [*range(2 * RATE)] * 2
    got = [number for _, number in read_pictures(passed.path)]
    assert got == numbers[-len(got) :]
    assert len(got) == pytest.approx((4 - start) * RATE, abs=2)
    in_step(passed, len(got))


def test_sound_in_mp4_that_begins_with_a_delay_keeps_it(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "late.mp4", Clip(frames=50, sounds=[Sound(seconds=1.5, start=Fraction(1, 2))]))
    passed = pass_through(source, tmp_path / "out.mkv")
    assert [float(track.seconds[0]) for track in read_tracks(passed.path)] == pytest.approx([0.0, 0.48], abs=0.03)


@pytest.mark.parametrize(
    ("timecode", "seconds", "rate", "expected"),
    [
        ("10:00:00:00", 2, Fraction(25), "10:00:02:00"),
        ("23:59:59:24", Fraction(1, 25), Fraction(25), "00:00:00:00"),
        ("10:00:00:0", Fraction(23, 10), Fraction(10), "10:00:02:3"),
        ("10:00:00:000", Fraction(119, 120), Fraction(120), "10:00:00:119"),
        ("00:00:59;28", Fraction(2 * 1001, 30_000), Fraction(30_000, 1001), "00:01:00;02"),
        ("no timecode", 2, Fraction(25), "no timecode"),
    ],
)
def test_a_timecode_goes_on_counting(timecode: str, seconds: Fraction, rate: Fraction, expected: str) -> None:
    assert later(timecode, Fraction(seconds), rate) == expected


@pytest.mark.parametrize("extension", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize("rate", [10, 25])
def test_the_timecode_of_a_part_is_that_of_its_first_picture(tmp_path: Path, extension: str, rate: int) -> None:
    source = tmp_path / "timecode.mov"
    clip = Clip(frames=3 * rate, rate=Fraction(rate), options={"g": "5"}, metadata={"timecode": "10:00:00:00"})
    write_clip(source, clip)
    passed = pass_through(source, tmp_path / f"out{extension}", start=Fraction(2))
    assert passed.frames == rate
    tags = [passed.tags, *(track.metadata for track in read_tracks(passed.path))]
    found = {value[:8] for each in tags for key, value in each.items() if key.lower() == "timecode"}
    assert found == {"10:00:02"}


def test_the_timed_metadata_of_telephones_are_left_out_and_said(tmp_path: Path) -> None:
    """Made of a timecode track: its kind is that of what an iPhone writes beside every video."""
    timecode = write_clip(tmp_path / "timecode.mov", Clip(metadata={"timecode": "10:00:00:00"}, sounds=[Sound()]))
    content = timecode.read_bytes()
    for place in (place for place in range(len(content)) if content.startswith(b"hdlr", place)):
        if content[place + 12 : place + 16] == b"tmcd":
            content = content[: place + 12] + b"meta" + content[place + 16 :]
    (tmp_path / "telephone.mov").write_bytes(content.replace(b"tmcd", b"mebx"))
    for extension in (".mp4", ".mov", ".mkv"):
        passed = pass_through(tmp_path / "telephone.mov", tmp_path / f"out{extension}")
        assert passed.frames == 12
        assert any("Stream 2 (data" in note and "is left out" in note for note in passed.notes)
        assert [track.type for track in read_tracks(passed.path)] == ["video", "audio"]
