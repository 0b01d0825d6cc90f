import json
import subprocess
import sys
from pathlib import Path

import av
import pytest

from eid_stream import backends
from eid_stream.app import cli
from eid_stream.backends.fallback_engine import EngineOpener, FallbackEngine
from eid_stream.core.errors import EngineRunError
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.thumbnail import Thumbnail
from tests.command import Say, run
from tests.media.reading import read_pictures, read_tracks
from tests.media.writing import Clip, write_clip
from tests.stand_ins.failing_engines import FailingEngine

pytestmark = pytest.mark.timeout(120)


def widths(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        return [stream.width for stream in container.streams.video]


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
    assert told["stages"].keys() == {"capture", "estimate", "dehaze", "record", "capture to record"}
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

    failing = EngineOpener("failing", lambda: FailingEngine(fault, calls=range(5, 6)))

    def opened(*_: object) -> FallbackEngine:
        return FallbackEngine([failing])

    monkeypatch.setattr(backends, "open_engine", opened)
    out, stats = tmp_path / "out.mp4", tmp_path / "stats.json"
    exit_code, told = say("--source", clip, "--out", out, "--stats", stats)
    assert exit_code == 0
    assert "1 frame went out as captured: the engine has a headache." in told
    assert json.loads(stats.read_text())["bypass_reasons"] == {"the engine has a headache": 1}
    assert len(read_pictures(out)) == 30


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


def test_help_shows_every_option_and_examples_without_loading_video_libraries() -> None:
    program = (
        "import sys; from eid_stream.app import cli; sys.argv = ['eid-stream', '--help']\n"
        "try: cli.main()\n"
        "except SystemExit as leaving: print(leaving.code, {'av', 'cv2', 'onnxruntime'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout.endswith("0 set()\n")
    for word in ("--source", "--out", "--compare", "--config", "Examples:", "not a medical device"):
        assert word in done.stdout


def test_a_file_is_dehazed_without_loading_what_only_windows_need(tmp_path: Path) -> None:
    source = tmp_path / "in.mp4"
    write_clip(source, Clip(frames=3, size=(640, 480)))
    program = (
        "import sys; from eid_stream.app.options.run_options import Options; from eid_stream.app.run import run; "
        "status = run(Options(source=sys.argv[1], out=sys.argv[2], engine='onnx')); "
        "assert not {'eid_stream.sinks.window.window', 'tkinter'} & sys.modules.keys(); sys.exit(status)"
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


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv", "out.mov"])
def test_a_file_that_could_not_be_dehazed_is_whole_but_neither_a_success_nor_tagged_as_enhanced(
    say: Say, tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def fault(_: Thumbnail) -> HazeMaps:
        raise EngineRunError("the engine has a headache")

    failing = EngineOpener("failing", lambda: FailingEngine(fault, calls=range(5, 7)))
    monkeypatch.setattr(backends, "open_engine", lambda *_: FallbackEngine([failing]))
    out = tmp_path / name
    exit_code, told = say("--source", clip, "--out", out)
    assert exit_code == 7
    assert "4 of 30 frames went out as captured (the engine has a headache)." in told
    assert len(read_pictures(out)) == 30
    with av.open(str(out)) as container:
        tags = " ".join(f"{key} {value}" for key, value in container.metadata.items())
    assert "NOT ENHANCED THROUGHOUT: 13 % of the frames are as captured, with their smoke." in tags
    assert "Surgical smoke removed" not in tags


def test_measuring_without_a_file_fails_likewise(say: Say, clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(_: Thumbnail) -> HazeMaps:
        raise EngineRunError("the engine has a headache")

    failing = EngineOpener("failing", lambda: FailingEngine(fault, calls=range(1_000_000)))
    monkeypatch.setattr(backends, "open_engine", lambda *_: FallbackEngine([failing]))
    exit_code, _ = say("--source", clip, "--out", "null:")
    assert exit_code == 7
