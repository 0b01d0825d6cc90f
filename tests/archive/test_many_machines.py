"""What docs/many-machines.md shows, run as it stands there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from eid_stream.archive.manifest import Manifest
from tests.media.writing import Clip, write_clip

PAGE = Path(__file__).parents[2] / "docs" / "many-machines.md"


def shown(language: str) -> str:
    """The first piece of code in a language on the page."""
    found = re.search(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Two recordings, and the command on the path."""
    for name in ("a", "b"):
        (tmp_path / "recordings").mkdir(exist_ok=True)
        write_clip(tmp_path / "recordings" / f"{name}.mp4", Clip(frames=10))
    command = tmp_path / "bin" / "eid-stream"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m eid_stream "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    return os.environ | {"PATH": f"{command.parent}:{os.environ['PATH']}"}


def test_the_jobs_of_a_slurm_array_share_an_archive(environment: dict[str, str], tmp_path: Path) -> None:
    out = tmp_path / "cleared"
    places = {"RECORDINGS": str(tmp_path / "recordings"), "CLEARED": str(out), "SLURM_ARRAY_TASK_COUNT": "2"}
    for number in ("1", "2"):
        job = environment | places | {"SLURM_ARRAY_TASK_ID": number}
        subprocess.run(["bash", "-c", shown("bash")], env=job, check=True, capture_output=True)
    assert [(entry.output, entry.state) for entry in Manifest(out).entries] == [("a.mp4", "done"), ("b.mp4", "done")]


@pytest.mark.skipif(shutil.which("snakemake") is None, reason="snakemake is not installed: pip install snakemake")
def test_the_rule_for_snakemake_clears_every_recording(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "Snakefile").write_text(shown("python"), encoding="utf-8")
    command = ["snakemake", "--cores", "2", "--quiet"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "cleared").iterdir()) == ["a.mp4", "b.mp4"]
