import json
import signal
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import pytest

from eid_stream.app.wiring import assembly as assemble
from eid_stream.core.frame import Frame
from eid_stream.sources.file.video_file import VideoFileSource
from tests.command import Say, end, has_grown, run, started, wait_until
from tests.media.reading import read_pictures

pytestmark = pytest.mark.timeout(120)
ENDLESS = "phantom:?size=320x180&frames=0&rate=50"


def playable_frames(path: Path) -> int:
    """Frames a player gets out of a file whose last packet may be cut."""
    with closing(VideoFileSource(str(path))) as source:
        return sum(1 for _ in source)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_ends_in_good_order_and_a_finished_file_keeps_its_place(
    tmp_path: Path, number: signal.Signals
) -> None:
    out, part, stats = tmp_path / "out.mp4", tmp_path / "out.mp4.part", tmp_path / "stats.json"
    out.write_bytes(b"finished earlier")
    with started("--source", ENDLESS, "--out", str(out), "--stats", str(stats), "--overwrite") as process:
        wait_until(has_grown(part, 20_000))
        exit_code, told = end(process, number)
    assert exit_code == 128 + number
    assert f"Stopped by {number.name}: only the first" in told
    assert f"kept in {part}. {out} is as it was." in told
    assert out.read_bytes() == b"finished earlier"
    assert "Traceback" not in told
    counted = json.loads(stats.read_text())
    assert counted["outcome"] == "interrupted"
    pictures = read_pictures(part)
    assert len(pictures) == counted["frames"]
    assert [time for time, _ in pictures] == [Fraction(index, 50) for index in range(len(pictures))]
    assert sorted(tmp_path.iterdir()) == [out, part, stats]


def test_a_second_run_to_one_name_is_refused_even_where_it_may_overwrite(say: Say, clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    with started("--source", ENDLESS, "--out", str(out)) as first:
        wait_until(has_grown(tmp_path / "out.mp4.part", 20_000))
        exit_code, told = say("--source", clip, "--out", out, "--overwrite")
        assert (exit_code, "Another run is writing" in told) == (5, True)
        assert end(first, signal.SIGINT)[0] == 130
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4.part"]


def test_one_file_for_two_outlets_is_refused_before_anything_runs(say: Say, tmp_path: Path) -> None:
    out, folder = tmp_path / "out.mkv", tmp_path / "folder"
    folder.mkdir()
    for other in ("--also-out", "--record-original"):
        done = run(
            "--source", "lavfi:testsrc2", "--out", str(out), other, str(folder / ".." / "out.mkv"), "--no-window"
        )
        assert (done.returncode, "name the same file" in done.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize("signals", [(signal.SIGINT, signal.SIGINT), (signal.SIGKILL,)], ids=["two", "kill"])
def test_what_was_written_before_the_process_was_ended_at_once_plays(
    tmp_path: Path, signals: tuple[signal.Signals, ...]
) -> None:
    part = tmp_path / "out.mp4.part"
    with started("--source", ENDLESS.replace("320x180", "960x540"), "--out", str(tmp_path / "out.mp4")) as process:
        wait_until(has_grown(part, 300_000))
        exit_code, _ = end(process, *signals)
    assert exit_code == (-signal.SIGKILL if len(signals) == 1 else 130)
    assert list(tmp_path.iterdir()) == [part]
    assert playable_frames(part) >= 25


def test_a_full_disk_ends_the_run_with_a_sentence_and_the_part_plays(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(disk)], capture_output=True)
    if mount.returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        done = run("--source", ENDLESS.replace("frames=0", "frames=2000"), "--out", str(disk / "out.mp4"))
        assert done.returncode == 5
        assert "The disk is full" in done.stderr
        assert str(disk / "out.mp4.part") in done.stderr
        assert "Traceback" not in done.stderr
        assert [path.name for path in disk.iterdir()] == ["out.mp4.part"]
        assert playable_frames(disk / "out.mp4.part") > 20
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_an_unforeseen_fault_is_told_in_one_sentence_and_what_was_written_is_named(
    say: Say, tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class BrokenDehazer:
        def __init__(self, *_: object, **__: object) -> None: ...

        def prepare(self, frames: Iterable[Frame]) -> Iterator[Frame]:
            return iter(frames)

        def close(self) -> None: ...

        def dehaze(self, frame: Frame) -> Frame:
            if frame.index == 20:
                raise ZeroDivisionError("division by zero")
            return frame

    monkeypatch.setattr(assemble, "FileDehazer", BrokenDehazer)
    out, stats = tmp_path / "out.mp4", tmp_path / "stats.json"
    exit_code, told = say("--source", clip, "--out", out, "--stats", stats)
    sentence = "An unexpected fault ended the run (ZeroDivisionError: division by zero). Please report it."
    assert exit_code == 1
    assert f"eid-stream: {sentence} What was written so far is kept in {out}.part.\n" in told
    assert "Traceback" not in told
    assert json.loads(stats.read_text())["outcome"].startswith(sentence)
    assert sorted(tmp_path.iterdir()) == [tmp_path / "out.mp4.part", tmp_path / "out.mp4.part.resume", stats]
    assert playable_frames(tmp_path / "out.mp4.part") == 20
