"""Closed, full and broken standard streams never decide how a run ends, and nothing secret goes through them."""

import logging
import os
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

from benchmarks.attack.addresses.leaking_addresses import KINDS, SECRET, leaks
from eid_stream.core.host.standard_streams import SteadyText, steady_streams
from tests.media.reading import read_pictures
from tests.media.writing import write_clip

pytestmark = pytest.mark.timeout(120)
COMMAND = f"{sys.executable} -m eid_stream"
QUICK = "--source 'phantom:?size=64x48' --duration 0.4 --engine prior --out null:"


def shell(line: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        ["bash", "-c", line], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("how", ["2>/dev/full", "2>&1 | true; exit ${PIPESTATUS[0]}", "0<&- 1>&- 2>&-"])
def test_standard_error_that_takes_nothing_does_not_decide_a_run(tmp_path: Path, how: str) -> None:
    if "/dev/full" in how and not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    clip = write_clip(tmp_path / "clip.mp4")
    done = shell(f"{COMMAND} --source clip.mp4 --out out.mp4 --engine prior --stats stats.json {how}", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert read_pictures(tmp_path / "out.mp4") == read_pictures(clip)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mp4", "out.mp4", "stats.json"]


def test_a_mistake_keeps_its_status_without_standard_error(tmp_path: Path) -> None:
    assert shell(f"{COMMAND} --source nothing.mp4 2>&-", tmp_path).returncode == 3
    assert shell(f"{COMMAND} --strength 7 --source x 2>&-", tmp_path).returncode == 2


def test_a_reader_of_standard_output_may_leave_when_it_has_enough(tmp_path: Path) -> None:
    live = "--source 'phantom:?size=320x240&realtime=1' --live --out - --no-window --engine prior"
    done = shell(f"{COMMAND} {live} | head -c 30000 | wc -c; echo ${{PIPESTATUS[0]}}", tmp_path)
    assert done.stdout.split() == ["30000", "0"]
    assert "Traceback" not in done.stderr
    assert "Nobody reads standard output any more." in done.stderr


@pytest.mark.parametrize("asked", ["--help", "--version", "--list-devices"])
def test_what_is_printed_may_be_cut_short_by_its_reader_and_says_so_on_a_full_disk(tmp_path: Path, asked: str) -> None:
    for reader in ("head -1", "true", "cat"):
        done = shell(f"{COMMAND} {asked} | {reader} >/dev/null; exit ${{PIPESTATUS[0]}}", tmp_path)
        assert (done.returncode, done.stderr) == (0, ""), reader
    assert shell(f"{COMMAND} {asked} >&-", tmp_path).returncode == 0
    if Path("/dev/full").exists():
        done = shell(f"{COMMAND} {asked} >/dev/full", tmp_path)
        assert done.returncode == 5
        assert done.stderr == (
            "eid-stream: Cannot write to standard output: No space left on device. Print it elsewhere.\n"
        )


def test_a_recording_goes_on_when_the_reader_of_standard_output_has_left(tmp_path: Path) -> None:
    live = "--source 'phantom:?size=320x240&realtime=1' --live --out - --also-out kept.mkv --no-window --duration 4"
    done = shell(f"{COMMAND} {live} --engine prior | head -c 2000 >/dev/null; echo ${{PIPESTATUS[0]}}", tmp_path)
    assert done.stdout.split() == ["0"], done.stderr
    assert len(read_pictures(tmp_path / "kept.mkv")) > 10


@pytest.mark.parametrize(
    ("options", "says", "status"),
    [("--source - --out null: 0<&-", "input", 3), ("--source lavfi:testsrc2 --out - 1>&-", "output", 2)],
)
def test_a_closed_stream_that_is_asked_for_is_a_mistake_in_one_sentence(
    tmp_path: Path, options: str, says: str, status: int
) -> None:
    done = shell(f"{COMMAND} --no-window {options}", tmp_path)
    assert done.returncode == status
    assert done.stderr.startswith(f"eid-stream: Standard {says} is closed")
    assert done.stderr.count("\n") == 1


def test_whatever_any_library_writes_to_standard_error_has_lost_its_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    with steady_streams():
        for kind in KINDS.values():
            if "\n" not in kind:
                sys.stderr.write(f"warning: {kind.format(SECRET)} is slow\n")
        logging.lastResort.emit(logging.makeLogRecord({"msg": KINDS["RTMP stream key"].format(SECRET)}))  # type: ignore[union-attr]
        try:
            int(KINDS["RTSP password"].format(SECRET))
        except ValueError:
            traceback.print_exc()
    told = capsys.readouterr().err
    assert "ValueError" in told
    assert "rtmp://127.0.0.1:1/***" in told
    assert not leaks(told)


def test_a_stream_that_is_not_there_takes_everything() -> None:
    stream = SteadyText(None)
    assert stream.write("nobody hears this") == 17
    assert not stream.isatty()
    stream.flush()
