"""Outlets of one kind each have a name, a passage and counts of their own, as the command wires them."""

import json
from pathlib import Path

import pytest

from tests.command import Say


@pytest.mark.timeout(300)
def test_two_outlets_of_one_name_are_told_apart(tmp_path: Path, say: Say) -> None:
    stats = tmp_path / "stats.json"
    source = ("--source", "phantom:?size=64x48&realtime=1", "--live", "--no-window", "--duration", "0.6")
    status, said = say(*source, "--engine", "prior", "--out", "null:", "--also-out", "null:", "--stats", stats)
    assert status == 0, said
    written = json.loads(stats.read_text())["written_frames"]
    assert set(written) == {"null", "null 2"}
    assert min(written.values()) > 0
