"""The output file: it has its name when it is finished and not before, and plays whatever happens."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import pytest

from eid_stream.core.errors import SinkError, SinkOpenError, SinkWriteError
from eid_stream.core.frame import Frame
from eid_stream.sinks.file.recorder import Recorder
from eid_stream.sources.file.video_file import VideoFileSource
from tests.media.reading import number_of, read_pictures
from tests.media.side_streams import Sound, Subtitles
from tests.media.writing import Clip, write_clip

EXTENSIONS = (".mp4", ".mkv", ".mov")


def frames_and_recorder(source_path: Path, out: Path, *, overwrite: bool = False) -> tuple[list[Frame], Recorder]:
    source = VideoFileSource(str(source_path))
    frames = list(source)
    source.close()
    return frames, Recorder(out, source.info, copy_from=source_path, overwrite=overwrite)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_output_has_its_name_only_when_published(tmp_path: Path) -> None:
    frames, recorder = frames_and_recorder(write_clip(tmp_path / "in.mkv"), tmp_path / "out.mp4")
    assert names(tmp_path) == ["in.mkv", "out.mp4.part"]
    for frame in frames:
        recorder.write(frame)
    recorder.close()
    recorder.close()
    assert names(tmp_path) == ["in.mkv", "out.mp4.part"]
    assert len(read_pictures(tmp_path / "out.mp4.part")) == 12
    recorder.publish()
    assert names(tmp_path) == ["in.mkv", "out.mp4"]


def test_without_a_frame_nothing_is_left_behind(tmp_path: Path) -> None:
    _, recorder = frames_and_recorder(write_clip(tmp_path / "in.mkv"), tmp_path / "out.mp4")
    recorder.close()
    assert names(tmp_path) == ["in.mkv"]
    with pytest.raises(SinkWriteError):
        recorder.publish()


def refused(make: Callable[[], object], kind: type[SinkError] = SinkOpenError) -> str:
    with pytest.raises(kind) as caught:
        make()
    message = str(caught.value)
    assert "\n" not in message
    assert "Errno" not in message
    return message


def test_an_existing_file_is_replaced_only_when_asked(tmp_path: Path) -> None:
    source, out = write_clip(tmp_path / "in.mkv"), tmp_path / "out.mkv"
    out.write_bytes(b"precious")
    assert "exists already" in refused(lambda: frames_and_recorder(source, out))
    frames, recorder = frames_and_recorder(source, out, overwrite=True)
    recorder.write(frames[0])
    assert out.read_bytes() == b"precious"
    recorder.publish()
    assert len(read_pictures(out)) == 1


def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    frames, recorder = frames_and_recorder(write_clip(tmp_path / "in.mkv"), tmp_path / "out.mkv")
    recorder.write(frames[0])
    (tmp_path / "out.mkv").write_bytes(b"precious")
    assert "out.mkv.part" in refused(recorder.publish, SinkWriteError)
    assert len(read_pictures(tmp_path / "out.mkv.part")) == 1


def test_what_an_earlier_run_left_is_not_overwritten(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "in.mkv")
    (tmp_path / "out.mkv.part").write_bytes(b"an hour of surgery")
    assert "did not finish" in refused(lambda: frames_and_recorder(source, tmp_path / "out.mkv"))
    assert (tmp_path / "out.mkv.part").read_bytes() == b"an hour of surgery"


def test_a_link_in_the_place_of_the_unfinished_file_is_never_followed(tmp_path: Path) -> None:
    source, part = write_clip(tmp_path / "in.mkv"), tmp_path / "out.mkv.part"
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    part.symlink_to(victim)
    assert "is a link" in refused(lambda: frames_and_recorder(source, tmp_path / "out.mkv"))
    frames, recorder = frames_and_recorder(source, tmp_path / "out.mkv", overwrite=True)
    recorder.write(frames[0])
    recorder.publish()
    assert victim.read_bytes() == b"precious"
    assert not (tmp_path / "out.mkv").is_symlink()


def test_two_recorders_of_one_name_exclude_each_other_until_the_first_is_closed(tmp_path: Path) -> None:
    source, out = write_clip(tmp_path / "in.mkv"), tmp_path / "out.mkv"
    frames, recorder = frames_and_recorder(source, out)
    recorder.write(frames[0])
    for overwrite in (False, True):
        assert "Another run" in refused(lambda o=overwrite: frames_and_recorder(source, out, overwrite=o))  # type: ignore[misc]
    recorder.close()
    frames_and_recorder(source, out, overwrite=True)[1].close()
    assert names(tmp_path) == ["in.mkv"]


@pytest.mark.parametrize("link", [None, "symbolic", "hard"])
def test_the_input_is_never_the_output(tmp_path: Path, link: str | None) -> None:
    source = write_clip(tmp_path / "in.mkv")
    out = source if link is None else tmp_path / "out.mkv"
    if link == "symbolic":
        out.symlink_to(source)
    elif link == "hard":
        out.hardlink_to(source)
    before = source.read_bytes()
    assert "input itself" in refused(lambda: frames_and_recorder(source, out, overwrite=True))
    assert source.read_bytes() == before


def test_folders_that_cannot_take_the_output_are_named(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "in.mkv")
    assert "does not exist" in refused(lambda: frames_and_recorder(source, tmp_path / "missing" / "out.mkv"))
    assert "is a folder" in refused(lambda: frames_and_recorder(source, _made(tmp_path / "folder.mkv")))
    assert "not a folder" in refused(lambda: frames_and_recorder(source, source / "out.mkv"))


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    source, folder = write_clip(tmp_path / "in.mkv"), _made(tmp_path / "locked")
    folder.chmod(0o500)
    assert "permissions" in refused(lambda: frames_and_recorder(source, folder / "out.mkv"))


@contextmanager
def small_disk(folder: Path, kibibytes: int) -> Iterator[Path]:
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={kibibytes}k", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("a small disk cannot be mounted here: that needs root and mount")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("extension", EXTENSIONS)
@pytest.mark.parametrize("kibibytes", [96, 400])
def test_a_full_disk_is_reported_and_what_was_written_plays(tmp_path: Path, extension: str, kibibytes: int) -> None:
    clip = Clip(frames=200, size=(320, 192), sounds=[Sound("pcm_s16le", seconds=8)])
    source = write_clip(tmp_path / "in.mkv", clip)
    with small_disk(tmp_path / "disk", kibibytes) as disk:
        frames, recorder = frames_and_recorder(source, disk / f"out{extension}")
        message = refused(lambda: _record(frames, recorder), SinkWriteError)
        assert "disk is full" in message
        recorder.close()
        assert names(disk) == [f"out{extension}.part"]
        refused(recorder.publish, SinkWriteError)
        if kibibytes > 150:
            assert _playable_numbers(disk / f"out{extension}.part")[:40] == list(range(40))


def _playable_numbers(path: Path) -> list[int]:
    """What a player that goes over damaged places shows."""
    source = VideoFileSource(str(path))
    numbers = [number_of(frame.planes, 8) for frame in source]
    source.close()
    return numbers


def _record(frames: list[Frame], recorder: Recorder) -> None:
    for frame in frames:
        recorder.write(frame)
    recorder.close()


RECORD_UNTIL_KILLED = """
import sys
from pathlib import Path
from eid_stream.sinks.file.recorder import Recorder
from eid_stream.sources.file.video_file import VideoFileSource

source = VideoFileSource(sys.argv[1])
recorder = Recorder(Path(sys.argv[2]), source.info, copy_from=Path(sys.argv[1]), codec=sys.argv[3])
for frame in source:
    recorder.write(frame)
    if str(frame.index + 1) in sys.argv[4:]:
        print("recorded", flush=True)
        sys.stdin.readline()
"""
TEXT = (Subtitles("srt", ((0.2, 0.8, "access"), (1.1, 3.9, "dissection"))),)


@pytest.mark.parametrize(
    ("extension", "codec", "rate", "subtitles"),
    [(e, *what) for e in EXTENSIONS for what in (("h264", 25, TEXT), ("h264", 10, ()), ("hevc", 25, ()))],
)
def test_what_is_on_the_disk_of_a_killed_recording_plays_to_within_a_second(
    tmp_path: Path, extension: str, codec: str, rate: int, subtitles: tuple[Subtitles, ...]
) -> None:
    clip = Clip(frames=4 * rate, rate=Fraction(rate), sounds=[Sound(seconds=4)], subtitles=subtitles)
    source, out = write_clip(tmp_path / "in.mkv", clip), tmp_path / f"out{extension}"
    part = out.with_name(out.name + ".part")
    moments = [round(rate * seconds) for seconds in (1.2, 2.1, 3.5)]
    command = [sys.executable, "-c", RECORD_UNTIL_KILLED, str(source), str(out), codec, *map(str, moments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for moment in moments:
            assert process.stdout.readline() == "recorded\n"
            if moment == moments[-1]:
                process.send_signal(signal.SIGKILL)
                process.wait()
            numbers = _playable_numbers(_copied(part, tmp_path))
            assert numbers[:-3] == list(range(len(numbers) - 3))  # the last ones may rest on what is not there yet
            assert len(numbers) >= moment - rate
            if moment != moments[-1]:
                process.stdin.write("\n")
                process.stdin.flush()
    assert names(tmp_path) == ["copy", "in.mkv", part.name]
    with av.open(str(part)) as container:
        sound = [frame.time or 0.0 for frame in container.decode(audio=0)]
    assert sound[-1] >= moments[-1] / rate - 1


def _copied(part: Path, folder: Path) -> Path:
    """What a player would find at this moment."""
    copy = folder / "copy"
    copy.write_bytes(part.read_bytes())
    return copy
