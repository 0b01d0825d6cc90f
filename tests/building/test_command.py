"""The commands beside the main one: what they print may be cut short, and no traceback is seen."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("module", ["eid_stream.building.build_engine", "training.memory.learn_memory"])
def test_help_may_be_cut_short_by_its_reader_and_says_so_on_a_full_disk(module: str) -> None:
    command = f"{sys.executable} -m {module} --help"
    cut = _shell(f"{command} | head -1 >/dev/null; exit ${{PIPESTATUS[0]}}")
    assert (cut.returncode, cut.stderr) == (0, "")
    if Path("/dev/full").exists():
        full = _shell(f"{command} >/dev/full")
        assert full.returncode == 5
        assert full.stderr.lower() == (
            "error: cannot write to standard output: no space left on device. print it elsewhere.\n"
        )


def _shell(line: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=120, check=False)
