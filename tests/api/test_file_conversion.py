from pathlib import Path

import av
import pytest

from eid_stream import ConfigError, Progress, SinkError, SourceError, dehaze_file
from tests.command import Say


def pictures(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [picture.to_ndarray().tobytes() for picture in container.decode(video=0)]


def test_a_file_is_what_the_command_makes_of_it(tmp_path: Path, clip: Path, say: Say) -> None:
    by_command, by_function = tmp_path / "command.mkv", tmp_path / "function.mkv"
    assert say("--source", clip, "--out", by_command, "--codec", "ffv1", "--strength", "0.8")[0] == 0
    report = dehaze_file(clip, by_function, codec="ffv1", strength=0.8)
    assert pictures(by_function) == pictures(by_command)
    assert (report["outcome"], report["frames"], report["strength"]) == ("finished", 30, 0.8)


def test_a_stretch_of_it_can_be_compared(tmp_path: Path, clip: Path) -> None:
    report = dehaze_file(str(clip), str(tmp_path / "both.mp4"), start=0.2, duration=0.4, compare="side", engine="prior")
    assert report["frames"] == 10
    with av.open(str(tmp_path / "both.mp4")) as container:
        assert container.streams.video[0].width == 2 * 96


def test_progress_is_told_in_the_callers_thread_and_ends_with_all_frames(tmp_path: Path, clip: Path) -> None:
    told: list[Progress] = []
    dehaze_file(clip, "null:", progress=told.append, engine="prior")
    assert (told[-1].frames, round(told[-1].seconds, 2), told[-1].done) == (30, 1.16, 1.0)
    assert [each.frames for each in told] == sorted(each.frames for each in told)


@pytest.mark.parametrize("error", [RuntimeError("enough"), KeyboardInterrupt()])
def test_what_progress_raises_ends_the_run_and_names_no_file(tmp_path: Path, clip: Path, error: BaseException) -> None:
    def enough(progress: Progress) -> None:
        raise error

    with pytest.raises(type(error)):
        dehaze_file("phantom:?size=320x240&frames=100000", tmp_path / "clear.mp4", progress=enough, engine="prior")
    assert not (tmp_path / "clear.mp4").exists()


def test_the_errors_are_the_commands(tmp_path: Path, clip: Path, say: Say) -> None:
    missing, out = tmp_path / "missing.mp4", tmp_path / "clear.mp4"
    with pytest.raises(SourceError) as of_function:
        dehaze_file(missing, out)
    status, of_command = say("--source", missing, "--out", out)
    assert (of_function.value.exit_code, f"eid-stream: {of_function.value}\n") == (status, of_command)
    out.write_bytes(b"mine")
    with pytest.raises(SinkError, match="exists"):
        dehaze_file(clip, out)
    with pytest.raises(ConfigError, match="strength"):
        dehaze_file(clip, out, strength=2.0)


@pytest.mark.parametrize("source", ["/dev/video0", "rtsp://camera:secret@10.0.0.1/live", "phantom:?realtime=1", "-"])
def test_a_live_source_is_left_to_the_command(tmp_path: Path, source: str) -> None:
    with pytest.raises(ConfigError, match="live") as refusal:
        dehaze_file(source, tmp_path / "clear.mp4")
    assert "secret" not in str(refusal.value)
