"""What is built from a commit: the same to the byte wherever it is built, and only what belongs into it."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from deploy.distributions import ROOT, build_distributions, copy_known_files, sha256
from eid_stream.core.engine_card import EngineCard


@pytest.fixture
def wheel(distributions: tuple[Path, Path]) -> zipfile.ZipFile:
    return zipfile.ZipFile(distributions[0])


def test_another_folder_clock_and_umask_give_the_same_bytes(
    distributions: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "somebody else's checkout"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", ROOT.as_uri(), str(elsewhere)], check=True)
    before = os.umask(0o077)
    try:
        copy_known_files(ROOT, elsewhere, epoch=1)  # what is not committed yet
        subprocess.run(["git", "-C", str(elsewhere), "add", "--all"], check=True)
        (elsewhere / "eid_stream" / "left_behind.py").write_text("unknown to git")
        monkeypatch.setenv("TZ", "Pacific/Apia")
        again = build_distributions(elsewhere, tmp_path / "dist")
    finally:
        os.umask(before)
    assert [path.name for path in again] == [path.name for path in distributions]
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in distributions]


def test_the_source_archive_gives_the_same_wheel(
    distributions: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel, archive = distributions
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
        epoch = packed.getmembers()[0].mtime
    (source,) = tmp_path.iterdir()
    code = "from setuptools import build_meta; print(build_meta.build_wheel('.'))"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(epoch)))
    command = [sys.executable, "-W", "ignore", "-c", code]
    built = subprocess.run(command, cwd=source, check=True, capture_output=True, text=True).stdout.split()[-1]
    with zipfile.ZipFile(source / built) as theirs, zipfile.ZipFile(wheel) as ours:
        assert {name: theirs.read(name) for name in theirs.namelist()} == {
            name: ours.read(name) for name in ours.namelist()
        }


def test_one_module_is_installed(wheel: zipfile.ZipFile) -> None:
    names = {name.split("/")[0] for name in wheel.namelist()}
    assert {name for name in names if not name.endswith(".dist-info")} == {"eid_stream"}


def test_every_file_of_the_package_is_in_it(wheel: zipfile.ZipFile) -> None:
    known = subprocess.run(["git", "ls-files", "eid_stream"], cwd=ROOT, capture_output=True, text=True, check=True)
    there = {name for name in known.stdout.splitlines() if (ROOT / name).is_file()}
    assert there - set(wheel.namelist()) == set()


def test_the_weights_in_it_are_those_their_card_names(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path)
    weights = tmp_path / "eid_stream" / "weights"
    card = EngineCard.load(weights / "student.json")
    assert card.student_sha256 == sha256(weights / "student.onnx")
    assert card.program_sha256 == sha256(weights / "student.pt2")


def test_it_installs_three_commands(wheel: zipfile.ZipFile) -> None:
    (name,) = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    commands = [line.split(" = ")[0] for line in wheel.read(name).decode().splitlines() if " = " in line]
    assert sorted(commands) == ["eid-stream", "eid-stream-adapt", "eid-stream-build"]
