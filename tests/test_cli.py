import json
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import av
import pytest

from eid_stream import assemble, cli
from eid_stream.backends.fallback import EngineOpener, FallbackEngine
from eid_stream.errors import EngineRunError
from eid_stream.frame import Frame
from eid_stream.haze_maps import HazeMaps
from eid_stream.sources.video_file import VideoFileSource
from eid_stream.thumbnail import Thumbnail
from tests.command import end, has_grown, run, started, wait_until
from tests.failing_engines import FailingEngine
from tests.media import Clip, Sound, read_pictures, read_tracks, write_clip

pytestmark = pytest.mark.timeout(120)

Say = Callable[..., tuple[int, str]]
ENDLESS = "phantom:?size=320x180&frames=0&rate=50"


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Run the command within this process; exit status and what it wrote to standard error."""

    def command(*arguments: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["eid-stream", *map(str, arguments)])
        with pytest.raises(SystemExit) as leaving:
            cli.main()
        assert isinstance(leaving.value.code, int)
        return leaving.value.code, capsys.readouterr().err

    return command


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    write_clip(path, Clip(frames=30, sounds=[Sound()]))
    return path


def widths(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        return [stream.width for stream in container.streams.video]


def playable_frames(path: Path) -> int:
    """Frames a player gets out of a file whose last packet may be cut."""
    with closing(VideoFileSource(str(path))) as source:
        return sum(1 for _ in source)


def refused(say: Say, folder: Path, *arguments: object) -> tuple[int, str]:
    """Run what must be refused: one sentence, no traceback, nothing new in the folder of the output."""
    before = sorted(folder.rglob("*"))
    exit_code, told = say(*arguments)
    assert told.count("\n") == 1
    assert told.startswith("eid-stream: ")
    assert told.endswith((".\n", "?\n"))
    assert "Traceback" not in told
    assert sorted(folder.rglob("*")) == before
    return exit_code, told


def make_source(folder: Path, kind: str) -> Path:
    path = folder / ("source.mp4" if kind != "name too long" else "x" * 300 + ".mp4")
    if kind == "folder":
        path.mkdir()
    elif kind == "empty":
        path.touch()
    elif kind == "text":
        path.write_text("this is not a film\n" * 100)
    elif kind == "sound only":
        write_clip(path, Clip(frames=0, sounds=[Sound()]))
    return path


@pytest.mark.parametrize("kind", ["missing", "folder", "empty", "text", "sound only", "name too long"])
def test_a_source_that_is_no_video_is_refused_in_one_sentence(say: Say, tmp_path: Path, kind: str) -> None:
    source = make_source(tmp_path, kind)
    exit_code, told = refused(say, tmp_path, "--source", source, "--out", tmp_path / "out.mp4")
    assert exit_code == 3
    assert str(source) in told


@pytest.mark.parametrize(
    ("out", "exit_code", "says"),
    [
        ("missing/out.mp4", 5, "does not exist"),
        ("file/out.mp4", 5, "is not a folder"),
        ("folder.mp4", 5, "is a folder"),
        ("there.mp4", 5, "exists already"),
        ("source.mp4", 5, "is the input itself"),
        ("out.xyz", 2, "extension"),
        ("out", 2, "extension"),
        ("x" * 300 + ".mp4", 5, "too long"),
    ],
)
def test_an_output_that_cannot_be_written_is_refused_and_left_alone(
    say: Say, tmp_path: Path, clip: Path, out: str, exit_code: int, says: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "there.mp4").write_text("precious")
    source = tmp_path / "source.mp4"
    source.write_bytes(clip.read_bytes())
    overwrite = ("--overwrite",) if out == "source.mp4" else ()
    status, told = refused(say, tmp_path, "--source", source, "--out", tmp_path / out, *overwrite)
    assert status == exit_code
    assert says in told
    assert (tmp_path / "there.mp4").read_text() == "precious"
    assert source.read_bytes() == clip.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--strength", "1.5"], "from 0"),
        (["--strength", "-0.1"], "from 0"),
        (["--strength", "nan"], "from 0"),
        (["--strength", "much"], "--strength"),
        (["--engine", "magic"], "tensorrt"),
        (["--compare", "above"], "split"),
        (["--start", "soon"], "'soon'"),
        (["--start", "-1"], "'-1'"),
        (["--start", "1:75"], "'1:75'"),
        (["--duration", "0"], "--duration is 0"),
        (["--codec", "betamax"], "betamax"),
        (["--quality", "-3"], "-3"),
        (["--preset", "warp"], "warp"),
        (["--strenght", "1"], "Did you mean --strength?"),
        (["--stats", "missing/stats.json"], "missing/stats.json"),
        (["--config", "missing.yaml"], "missing.yaml"),
        (["more"], "more"),
        (["--source", "again.mp4"], "--source"),
        (["--start"], "--start"),
    ],
)
def test_a_wrong_option_is_refused_with_what_would_be_right(
    say: Say, tmp_path: Path, clip: Path, arguments: list[str], says: str
) -> None:
    exit_code, told = refused(say, tmp_path, "--source", clip, "--out", tmp_path / "out.mp4", *arguments)
    assert exit_code == 2
    assert says in told


@pytest.mark.parametrize("link", ["itself", "symbolic", "hard"])
def test_statistics_never_replace_the_video(say: Say, tmp_path: Path, clip: Path, link: str) -> None:
    source, stats = tmp_path / "source.mp4", tmp_path / "stats.json"
    source.write_bytes(clip.read_bytes())
    if link == "itself":
        stats = source
    elif link == "symbolic":
        stats.symlink_to(source)
    else:
        stats.hardlink_to(source)
    exit_code, told = refused(say, tmp_path, "--source", source, "--out", tmp_path / "out.mp4", "--stats", stats)
    assert exit_code == 2
    assert str(source) in told
    assert source.read_bytes() == clip.read_bytes()


def test_statistics_under_the_name_of_the_output_are_refused(say: Say, tmp_path: Path, clip: Path) -> None:
    out = tmp_path / "out.mp4"
    assert refused(say, tmp_path, "--source", clip, "--out", out, "--stats", out)[0] == 2


def test_a_start_beyond_the_end_of_the_film_is_refused(say: Say, tmp_path: Path, clip: Path) -> None:
    exit_code, _ = refused(say, tmp_path, "--source", clip, "--out", tmp_path / "out.mp4", "--start", "1:00:00")
    assert exit_code == 3


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("strenght: 0.5", "Did you mean 'strength'?"),
        ("tea: hot", "Known are"),
        ("config: other.yaml", "config"),
        ("strength: [1, 2]", "[1, 2]"),
        ("strength: {much: 1}", "a value or a list of values"),
        ("strength: high", "strength"),
        ("strength: 7", "from 0"),
        ("- strength", "strength: 0.8"),
        ("strength: {", "is not YAML"),
    ],
)
def test_a_configuration_file_with_a_mistake_is_refused(
    say: Say, tmp_path: Path, clip: Path, content: str, says: str
) -> None:
    config = tmp_path / "theatre.yaml"
    config.write_text(content)
    exit_code, told = refused(say, tmp_path, "--config", config, "--source", clip, "--out", tmp_path / "out.mp4")
    assert exit_code == 2
    assert says in told


def test_flags_win_over_the_configuration_file(say: Say, tmp_path: Path, clip: Path) -> None:
    config, out, stats = tmp_path / "theatre.yaml", tmp_path / "out.mkv", tmp_path / "stats.json"
    config.write_text(
        f"source: {clip}\nstrength: 0.25\nengine: prior\noverwrite: true\nduration: 0.4\nstats: {stats}\n"
    )
    out.write_text("old")
    exit_code, _ = say("--config", config, "--strength", "0.75", "--out", out)
    told = json.loads(stats.read_text())
    assert exit_code == 0
    assert (told["strength"], told["engine"], told["frames"]) == (0.75, "prior", 10)
    assert len(read_pictures(out)) == 10


def test_a_file_comes_out_under_its_name_with_all_its_frames_and_its_sound(tmp_path: Path, clip: Path) -> None:
    out, stats = tmp_path / "out.mp4", tmp_path / "stats.json"
    done = run("--source", str(clip), "--out", str(out), "--stats", str(stats))
    assert (done.returncode, done.stdout) == (0, "")
    assert read_pictures(out) == read_pictures(clip)
    assert [track.type for track in read_tracks(out)] == [track.type for track in read_tracks(clip)]
    assert sorted(tmp_path.iterdir()) == [out, stats]
    assert "30 frames in" in done.stderr
    told = json.loads(stats.read_text())
    assert (told["outcome"], told["frames"], told["written_frames"]) == ("finished", 30, {"record": 30})
    assert (told["bypassed_frames"], told["dropped_frames"], told["faults"]) == (0, 0, {})
    assert told["stages"].keys() == {"capture", "dehaze", "record", "capture to record"}
    assert told["stages"]["dehaze"].keys() >= {"p50_ms", "p95_ms", "p99_ms", "max_ms"}


def test_side_by_side_is_twice_as_wide(say: Say, tmp_path: Path, clip: Path) -> None:
    out = tmp_path / "out.mp4"
    assert say("--source", clip, "--out", out, "--compare", "side", "--duration", "0.2")[0] == 0
    assert widths(out) == [2 * width for width in widths(clip)]


def test_frames_an_engine_fails_on_go_out_as_captured_and_are_counted(
    say: Say, tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(_: Thumbnail) -> HazeMaps:
        raise EngineRunError("the engine has a headache")

    failing = EngineOpener("failing", lambda: FailingEngine(fault, calls=range(5, 7)))

    def opened(choice: str, *, late_seconds: float) -> FallbackEngine:
        return FallbackEngine([failing])

    monkeypatch.setattr(assemble, "open_engine", opened)
    out, stats = tmp_path / "out.mp4", tmp_path / "stats.json"
    exit_code, told = say("--source", clip, "--out", out, "--stats", stats)
    assert exit_code == 0
    assert "2 frames went out as captured: the engine has a headache." in told
    assert json.loads(stats.read_text())["bypass_reasons"] == {"the engine has a headache": 2}
    assert len(read_pictures(out)) == 30


def test_an_unforeseen_fault_is_told_in_one_sentence_and_what_was_written_is_named(
    say: Say, tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class BrokenDehazer:
        def __init__(self, *_: object) -> None: ...

        def dehaze(self, frame: Frame) -> Frame:
            if frame.index == 20:
                raise ZeroDivisionError("division by zero")
            return frame

    monkeypatch.setattr(assemble, "Dehazer", BrokenDehazer)
    out, stats = tmp_path / "out.mp4", tmp_path / "stats.json"
    exit_code, told = say("--source", clip, "--out", out, "--stats", stats)
    sentence = "An unexpected fault ended the run (ZeroDivisionError: division by zero). Please report it."
    assert exit_code == 1
    assert f"eid-stream: {sentence} What was written so far is kept in {out}.part.\n" in told
    assert "Traceback" not in told
    assert json.loads(stats.read_text())["outcome"].startswith(sentence)
    assert sorted(tmp_path.iterdir()) == [tmp_path / "out.mp4.part", stats]
    assert playable_frames(tmp_path / "out.mp4.part") == 20


def test_damage_in_the_middle_is_told_and_the_rest_is_processed(say: Say, tmp_path: Path) -> None:
    whole, damaged = tmp_path / "whole.mkv", tmp_path / "damaged.mkv"
    write_clip(whole, Clip(frames=100, options={"g": "10", "bf": "0"}))
    content = bytearray(whole.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 600] = bytes(byte ^ 0x5A for byte in content[middle : middle + 600])
    damaged.write_bytes(content)
    stats = tmp_path / "stats.json"
    exit_code, told = say("--source", damaged, "--out", tmp_path / "out.mkv", "--stats", stats)
    assert exit_code == 0
    counted = json.loads(stats.read_text())
    assert counted["damage"]
    assert all(sentence in told for sentence in counted["damage"])
    assert counted["frames"] >= 80


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_ends_in_good_order_and_publishes_what_was_written(tmp_path: Path, number: signal.Signals) -> None:
    out, stats = tmp_path / "out.mp4", tmp_path / "stats.json"
    with started("--source", ENDLESS, "--out", str(out), "--stats", str(stats)) as process:
        wait_until(has_grown(tmp_path / "out.mp4.part", 20_000))
        exit_code, told = end(process, number)
    assert exit_code == 128 + number
    assert f"Stopped by {number.name}: only the first" in told
    assert "Traceback" not in told
    counted = json.loads(stats.read_text())
    assert counted["outcome"] == "interrupted"
    pictures = read_pictures(out)
    assert len(pictures) == counted["frames"]
    assert [time for time, _ in pictures] == [Fraction(index, 50) for index in range(len(pictures))]
    assert sorted(tmp_path.iterdir()) == [out, stats]


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


def test_an_interruption_before_the_first_frame_is_told_without_a_traceback(
    say: Say, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(choice: str, *, late_seconds: float) -> FallbackEngine:
        raise KeyboardInterrupt

    monkeypatch.setattr(assemble, "open_engine", interrupted)
    exit_code, told = say("--source", clip, "--out", tmp_path / "out.mp4")
    assert exit_code == 130
    assert told == "eid-stream: stopped before the first frame; nothing was written.\n"


def test_help_shows_every_option_and_examples_without_loading_video_libraries() -> None:
    program = (
        "import sys; from eid_stream import cli; sys.argv = ['eid-stream', '--help']\n"
        "try: cli.main()\n"
        "except SystemExit as leaving: print(leaving.code, {'av', 'cv2', 'numba', 'onnxruntime'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout.endswith("0 set()\n")
    for word in ("--source", "--out", "--compare", "--config", "Examples:", "not a medical device"):
        assert word in done.stdout


def test_a_file_is_dehazed_without_loading_what_only_windows_need(tmp_path: Path) -> None:
    source = tmp_path / "in.mp4"
    write_clip(source, Clip(frames=3, size=(640, 480)))
    program = (
        "import sys; from eid_stream.options import Options; from eid_stream.run import run; "
        "status = run(Options(source=sys.argv[1], out=sys.argv[2], engine='onnx')); "
        "assert 'cv2' not in sys.modules and 'tkinter' not in sys.modules; sys.exit(status)"
    )
    command = [sys.executable, "-c", program, str(source), str(tmp_path / "out.mp4")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_the_version_is_told(say: Say, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["eid-stream", "--version"])
    with pytest.raises(SystemExit) as leaving:
        cli.main()
    assert leaving.value.code == 0
    assert capsys.readouterr().out.startswith("eid-stream 0.")
