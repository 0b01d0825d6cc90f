"""What ``pip install .`` puts on a machine."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    pytest.importorskip("setuptools")
    folder = tmp_path_factory.mktemp("wheel")
    for name in ("setup.cfg", "setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("eid_stream", "training", "engines", "benchmarks"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    build = "from setuptools import build_meta; build_meta.build_wheel('.')"
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", build], cwd=folder, check=True, capture_output=True, timeout=120
    )
    (built,) = folder.glob("*.whl")
    return zipfile.ZipFile(built)


def test_one_module_is_installed(wheel: zipfile.ZipFile) -> None:
    names = {name.split("/")[0] for name in wheel.namelist()}
    assert {name for name in names if not name.endswith(".dist-info")} == {"eid_stream"}


def test_every_file_of_the_package_is_in_it(wheel: zipfile.ZipFile) -> None:
    there = {str(path.relative_to(ROOT)) for path in (ROOT / "eid_stream").rglob("*") if path.is_file()}
    expected = {name for name in there if "__pycache__" not in name}
    assert expected - set(wheel.namelist()) == set()


def test_it_installs_two_commands(wheel: zipfile.ZipFile) -> None:
    (name,) = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    commands = [line.split(" = ")[0] for line in wheel.read(name).decode().splitlines() if " = " in line]
    assert commands == ["eid-stream", "eid-stream-build"]
