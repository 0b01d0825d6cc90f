import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from eid_stream.archive.manifest import NAME, Manifest
from tests.command import Say, wait_until
from tests.media.side_streams import Sound
from tests.media.writing import Clip, write_clip


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    (folder / "day 1").mkdir(parents=True)
    write_clip(folder / "day 1" / "a.mp4", Clip(frames=12, sounds=[Sound()]))
    write_clip(folder / "b.mkv", Clip(frames=10))
    (folder / "broken.mp4").write_bytes(b"no video at all")
    return folder


def archive(source: Path, out: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "eid_stream", "--source", str(source), "--out", str(out), "--engine", "prior"]
    return subprocess.run([*command, *more], capture_output=True, text=True, timeout=120, check=False)


def test_a_folder_is_mirrored_and_what_fails_is_told_while_the_rest_goes_on(recordings: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = archive(recordings, out, "--jobs", "2")
    assert done.returncode == 6
    assert "1 of 3 videos failed: broken.mp4" in done.stderr
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()) == [
        "b.mkv",
        "b.mkv.html",
        "day 1/a.mp4",
        "day 1/a.mp4.html",
        NAME,
        "haze.csv",
        "report.html",
    ]
    entry = Manifest(out)["day 1/a.mp4"]
    assert entry is not None
    assert (entry.state, entry.frames, entry.engine, entry.settings) == ("done", 12, "prior", {"engine": "prior"})
    assert len(entry.source_sha256) == 64
    assert len(entry.haze_per_second) == 1
    failed = Manifest(out)["broken.mp4"]
    assert failed is not None
    assert "broken.mp4" in failed.sentence


def test_what_is_done_is_skipped_until_its_settings_or_its_source_change(recordings: Path, tmp_path: Path) -> None:
    (recordings / "broken.mp4").unlink()
    out = tmp_path / "out"
    assert archive(recordings, out).returncode == 0
    stamps = {path: path.stat().st_mtime_ns for path in out.rglob("*.m[kp][4v]")}
    again = archive(recordings, out)
    assert "0 videos done, 2 done before, 0 failed." in again.stderr
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.m[kp][4v]")} == stamps
    write_clip(recordings / "b.mkv", Clip(frames=20))
    assert "1 video done, 1 done before" in archive(recordings, out).stderr
    assert "2 videos done, 0 done before" in archive(recordings, out, "--strength", "0.5").stderr


def test_a_dry_run_says_what_would_be_done_and_does_nothing(recordings: Path, tmp_path: Path) -> None:
    told = archive(recordings, tmp_path / "out", "--dry-run")
    assert told.returncode == 0
    assert "3 videos to do: 0:00:01 of video, 0.0 MiB; 0 done." in told.stderr
    assert f"Not counted, since their headers do not tell: {recordings}/broken.mp4." in told.stderr
    assert f"{recordings}/b.mkv -> {tmp_path}/out/b.mkv" in told.stderr
    assert not (tmp_path / "out").exists()


def test_a_run_killed_three_times_on_the_way_ends_as_if_nothing_had_happened(tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for name in ("a.mp4", "b.mp4"):
        write_clip(folder / name, Clip(frames=400, size=(128, 96), sounds=[Sound(seconds=16.0)]))
    command = [sys.executable, "-m", "eid_stream", "--source", str(folder), "--out", str(out), "--engine", "prior"]
    for _ in range(3):
        with subprocess.Popen([*command, "--jobs", "1"], stderr=subprocess.DEVNULL) as process:
            await_checkpoint(process, out)
            process.kill()
    assert archive(folder, out, "--jobs", "1").returncode == 0
    videos = [name for video in ("a.mp4", "b.mp4") for name in (video, f"{video}.html")]
    assert sorted(path.name for path in out.iterdir()) == [*videos, NAME, "haze.csv", "report.html"]
    assert all(entry.state == "done" and entry.frames == 400 for entry in Manifest(out).entries)
    assert archive(folder, tmp_path / "whole").returncode == 0
    for name in ("a.mp4", "b.mp4"):
        assert (out / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    whole = {entry.output: entry.haze_per_second for entry in Manifest(tmp_path / "whole").entries}
    assert {entry.output: entry.haze_per_second for entry in Manifest(out).entries} == whole


def await_checkpoint(process: "subprocess.Popen[bytes]", out: Path) -> None:
    before = checkpoints(out)
    wait_until(lambda: process.poll() is not None or bool(checkpoints(out) - before))


def checkpoints(folder: Path) -> set[tuple[str, int]]:
    """Every file that can be gone on with, each time that it can be from further on."""
    return {(path.name, path.stat().st_mtime_ns) for path in folder.glob(".unfinished.*.resume")}


def test_pictures_for_learning_of_a_folder_lie_in_a_folder_for_each_video(recordings: Path, tmp_path: Path) -> None:
    (recordings / "broken.mp4").unlink()
    out = tmp_path / "frames"
    for fps in ("5", "1"):
        done = archive(recordings, out, "--frames", "png", "--fps", fps, "--compare", "side")
        assert done.returncode == 0, done.stderr
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()) == [
        "b/b_000001.png",
        "b/frames.csv",
        "day 1/a/a_000001.png",
        "day 1/a/frames.csv",
        NAME,
        "haze.csv",
        "report.html",
    ]
    assert "0 videos done, 2 done before" in archive(recordings, out, "--frames", "png", "--compare", "side").stderr


def test_shares_of_the_work_make_one_archive(recordings: Path, tmp_path: Path) -> None:
    (recordings / "broken.mp4").unlink()
    out = tmp_path / "out"
    for number in (1, 2):
        assert archive(recordings, out, "--shard", f"{number}/2").returncode == 0
    assert not (out / "report.html").exists()
    assert "0 videos done, 2 done before, 0 failed." in archive(recordings, out).stderr
    assert (out / "report.html").exists()


def test_a_folder_is_dehazed_from_python_as_by_the_command(recordings: Path, tmp_path: Path) -> None:
    from eid_stream import ArchiveError, dehaze_folder

    lines: list[str] = []
    with pytest.raises(ArchiveError, match=r"1 of 3 videos failed: broken\.mp4"):
        dehaze_folder(recordings, tmp_path / "out", engine="prior", jobs=1, say=lines.append)
    (recordings / "broken.mp4").unlink()
    entries = dehaze_folder(recordings, tmp_path / "out", engine="prior")
    assert [(entry["output"], entry["state"]) for entry in entries] == [
        ("b.mkv", "done"),
        ("broken.mp4", "failed"),
        ("day 1/a.mp4", "done"),
    ]
    assert any(line.startswith("broken.mp4: ") for line in lines)


def test_ctrl_c_ends_in_good_order_and_the_same_command_goes_on(tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for name in ("a.mp4", "b.mp4"):
        write_clip(folder / name, Clip(frames=400))
    command = [sys.executable, "-m", "eid_stream", "--source", str(folder), "--out", str(out), "--engine", "prior"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        wait_until(lambda: any(out.glob(".unfinished.*.part")))
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "The same command goes on." in told
    lines = [json.loads(line) for line in (out / NAME).read_text(encoding="utf-8").splitlines()]
    assert lines[-1]["state"] == "stopped"
    assert "the next run goes on from there" in lines[-1]["sentence"]
    again = subprocess.run([*command, "--no-retry-failed"], capture_output=True, text=True, timeout=120, check=True)
    assert "2 videos done, 0 done before, 0 failed." in again.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "name a folder for them with --out FOLDER"),
        (("--out", "{in}/inside"), "would be taken for new ones"),
        (("--out", "{in}/b.mkv"), "is a file"),
        (("--out", "{in}2", "--start", "3"), "--start is for one video"),
        (("--out", "{in}2", "--jobs", "0"), "choose 1 or more"),
        (("--out", "{in}2", "--shard", "4/3"), "such as 3/100"),
        (("--out", "{in}2", "--on", "moon"), "use ray"),
    ],
)
def test_options_that_do_not_fit_an_archive_are_refused(
    recordings: Path, say: Say, arguments: tuple[str, ...], sentence: str
) -> None:
    given = [argument.replace("{in}", str(recordings)) for argument in arguments]
    status, said = say("--source", recordings, *given)
    assert status == 2
    assert sentence in said


def test_an_output_folder_that_cannot_be_made_is_one_sentence(recordings: Path, say: Say) -> None:
    status, said = say("--source", recordings, "--out", "/proc/no/folder")
    assert status == 5
    assert "Cannot make the folder" in said
    assert os.path.isdir(recordings)  # noqa: PTH112
