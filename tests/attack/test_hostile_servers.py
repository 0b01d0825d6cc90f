"""Servers that drip, send elsewhere, or serve what crashes FFmpeg: refused in time and in a sentence."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.attack.servers.hostile_servers import CASES

LONGEST_SECONDS = 20.0
"""FFmpeg has ten, of which it may use a part twice; a machine with other work takes longer."""


@pytest.fixture(scope="module")
def outcomes() -> dict[str, dict[str, Any]]:
    """All attacks at once, in one process: what ends it leaves lines missing."""
    command = [sys.executable, "-m", "benchmarks.attack.servers.open_hostile"]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=Path(__file__).parents[2], timeout=120, check=False
    )
    assert done.returncode == 0, f"the process died of {done.returncode}: {done.stderr}"
    told = [json.loads(line) for line in done.stdout.splitlines()]
    return {outcome["case"]: outcome for outcome in told}


@pytest.mark.parametrize("case", CASES)
def test_a_hostile_server_is_refused_in_a_sentence_and_in_time(outcomes: dict[str, dict[str, Any]], case: str) -> None:
    outcome = outcomes[case]
    assert outcome["error"] in ("SourceOpenError", "ConfigError"), outcome["says"]
    assert CASES[case].says in outcome["says"]
    assert outcome["seconds"] < LONGEST_SECONDS
    assert outcome["visitors"] == 0, "another host was asked"
