"""A run that is killed, again and again: the same command goes on, and the file is as if nothing had happened."""

import hashlib
import json
import random
import subprocess
from pathlib import Path
from typing import Any

import av
import pytest

from tests.command import TIME_LIMIT_SECONDS, Say, has_grown, run, started, wait_until
from tests.media.side_streams import Sound, Subtitles
from tests.media.writing import Clip, write_clip

KILLS = 20
FRAMES = 1500
SIZE = (128, 96)
"""x264 answers other sizes with other pictures from run to run: docs/files.md."""


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A minute, which is twelve sections, with sound and words beside the picture."""
    words = Subtitles("subrip", [(1.0, 3.0, "Trocar."), (30.0, 50.0, "Clip.")])
    clip = Clip(frames=FRAMES, size=SIZE, sounds=[Sound(seconds=60.0)], subtitles=[words])
    return write_clip(tmp_path_factory.mktemp("video") / "video.mkv", clip)


@pytest.fixture(scope="module")
def unbroken(video: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("unbroken") / "out.mkv"
    done = run(*command(video, out), "--stats", str(out.with_suffix(".json")))
    assert done.returncode == 0, done.stderr
    return out


def command(video: Path, out: Path, *more: str) -> list[str]:
    return ["--source", str(video), "--out", str(out), "--engine", "prior", *more]


def killed(arguments: list[str], out: Path, *, sections: int, seconds: float = 0.0) -> bool:
    """Kill the command a while after it has begun its file and so many sections; False when it has ended before."""
    part, resume = (out.with_name(f"{out.name}.part{more}") for more in ("", ".resume"))
    before = written(part)
    with started(*arguments) as process:
        wait_until(lambda: process.poll() is not None or written(part) not in (None, before))
        for _ in range(sections):
            await_another(resume, process)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(TIME_LIMIT_SECONDS)
            return True
        return False


def await_another(path: Path, process: "subprocess.Popen[str]") -> None:
    before = written(path)
    wait_until(lambda: process.poll() is not None or written(path) != before)


def written(path: Path) -> tuple[int, int] | None:
    """Which file it is, and when it was written last."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_ino, facts.st_mtime_ns


def packets(path: Path) -> dict[int, list[tuple[Any, ...]]]:
    """Times and content of all packets, by stream."""
    found: dict[int, list[tuple[Any, ...]]] = {}
    with av.open(f"file:{path}") as container:
        for packet in container.demux():
            if packet.size:
                content = hashlib.sha256(bytes(packet)).hexdigest()
                found.setdefault(packet.stream.index, []).append((packet.pts, packet.is_keyframe, content))
    return found


@pytest.mark.timeout(900)
def test_a_run_killed_at_twenty_random_moments_ends_as_if_nothing_had_happened(
    video: Path, unbroken: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.mkv"
    chance = random.Random(26)
    whole = json.loads(unbroken.with_suffix(".json").read_text())
    longest_seconds = 0.02 * whole["wall_seconds"]  # a machine twice as fast would end the file before the last kill
    kills = sum(
        killed(
            command(video, out), out,
            sections=chance.choice((0, 0, 0, 1)), seconds=chance.uniform(0.0, longest_seconds),
        )
        for _ in range(KILLS)
    )  # fmt: skip
    done = run(*command(video, out), "--stats", str(tmp_path / "out.json"))
    assert done.returncode == 0, done.stderr
    assert kills == KILLS
    assert "Goes on after frame" in done.stderr
    assert packets(out) == packets(unbroken)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.json", "out.mkv"]
    ours = json.loads((tmp_path / "out.json").read_text())
    for name in ("frames", "video_seconds", "written_frames", "haze_per_second", "memory", "bypass_reasons"):
        assert ours[name] == whole[name], name


@pytest.mark.parametrize(
    ("name", "more"), [("out.mp4", ()), ("out.mov", ("--codec", "hevc")), ("out.mkv", ("--strength", "0"))]
)
def test_every_container_is_gone_on_with(tmp_path: Path, name: str, more: tuple[str, ...]) -> None:
    words = Subtitles("srt", [(1.0, 6.0, "Trocar."), (5.0, 7.0, "Clip.")])
    clip = Clip(frames=200, size=SIZE, sounds=[Sound(seconds=8.0)], subtitles=[words])
    plain = write_clip(tmp_path / "plain.mkv", clip)
    whole, out = tmp_path / f"whole-{name}", tmp_path / name
    assert run(*command(plain, whole, *more)).returncode == 0
    assert killed(command(plain, out, *more), out, sections=1)
    done = run(*command(plain, out, *more))
    assert done.returncode == 0, done.stderr
    assert packets(out) == packets(whole)


def test_other_options_do_not_go_on_with_the_file(video: Path, tmp_path: Path, say: Say) -> None:
    out = tmp_path / "out.mkv"
    assert killed(command(video, out), out, sections=1)
    status, said = say(*command(video, out, "--strength", "0.5", "--duration", "1"))
    assert status == 5
    assert "left from a run that did not finish" in said
    status, said = say(*command(video, out, "--strength", "0.5", "--duration", "1", "--overwrite"))
    assert status == 0, said
    assert "Goes on" not in said
    assert [path.name for path in tmp_path.iterdir()] == ["out.mkv"]


def test_what_was_stored_beside_the_file_may_be_damaged_or_anybody_elses(video: Path, tmp_path: Path) -> None:
    out, resume = tmp_path / "out.mkv", tmp_path / "out.mkv.part.resume"
    assert killed(command(video, out), out, sections=1)
    resume.write_bytes(b"cos\nsystem\n(S'touch /tmp/never'\ntR.")
    done = run(*command(video, out, "--duration", "1"))
    assert done.returncode == 5
    assert "left from a run that did not finish" in done.stderr
    assert not Path("/tmp/never").exists()


def test_a_run_that_still_works_is_left_alone(video: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mkv"
    with started(*command(video, out)):
        wait_until(has_grown(tmp_path / "out.mkv.part"))
        second = run(*command(video, out))
    assert second.returncode == 5
    assert "Another run is writing" in second.stderr
