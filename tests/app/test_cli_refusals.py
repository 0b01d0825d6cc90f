from pathlib import Path

import pytest

from tests.command import Say
from tests.media.side_streams import Sound
from tests.media.writing import Clip, write_clip

pytestmark = pytest.mark.timeout(120)


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
    assert exit_code == (2 if kind == "folder" else 3), "a folder is an archive, and needs one to go to"
    assert kind == "folder" or str(source) in told


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


@pytest.mark.parametrize(
    "content",
    [
        "source: &a [*a]",
        "source: &a {x: *a}",
        "&a [*a]",
        "[" * 3000,
        "source: [[[x]]]",
        "strength: !!python/object/apply:os.system [true]",
        "source: 2026-02-31",
        "a: &a [x,x]\nb: &b [*a,*a]\nsource: [*b,*b]",
        "source: rtsp://surgeon:Zq7xKw3v@host/feed\nstrength: 'unclosed",
    ],
)
def test_a_twisted_configuration_file_is_refused_in_one_sentence(say: Say, tmp_path: Path, content: str) -> None:
    config = tmp_path / "theatre.yaml"
    config.write_text(content)
    exit_code, told = refused(say, tmp_path, "--config", config, "--out", "null:")
    assert exit_code in (2, 3)
    assert "unexpected fault" not in told
    assert "Zq7xKw3v" not in told


@pytest.mark.parametrize("address", ["sftp://surgeon:Zq7xKw3v@host/op.mp4", "ftp://host/op.mp4", "smb://host/op.mp4"])
def test_an_address_that_is_neither_file_nor_stream_is_no_file_name(say: Say, tmp_path: Path, address: str) -> None:
    exit_code, told = refused(say, tmp_path, "--source", address, "--out", tmp_path / "out.mp4")
    assert (exit_code, "streams start with" in told, "Zq7xKw3v" in told) == (2, True, False)
    exit_code, told = refused(say, tmp_path, "--source", "phantom:?size=64x48", "--duration", "1", "--out", address)
    assert (exit_code, "name a file" in told, "Zq7xKw3v" in told) == (2, True, False)


@pytest.mark.parametrize("arguments", [(), ("surgery.mp4",), ("--out", "clear.mp4")])
def test_a_command_without_a_source_is_told_how_to_name_one(
    say: Say, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    exit_code, told = refused(say, tmp_path, *arguments)
    assert exit_code == 2
    assert "eid-stream --source surgery.mp4 --out clear.mp4" in told
