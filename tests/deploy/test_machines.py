"""Image and unit: valid by whoever reads them, and with nothing in them that is not there."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from deploy.lock import EXTRAS, ROOT

IMAGE = ROOT / "deploy" / "image" / "Dockerfile"
DEMONSTRATION = ROOT / "deploy" / "demonstration"
UNIT = ROOT / "deploy" / "machine" / "eid-stream.service"


def options_of(command: list[str]) -> set[str]:
    return {word for word in command if word.startswith("--")}


def test_unit_and_demonstration_use_only_options_that_there_are() -> None:
    told = subprocess.run([sys.executable, "-m", "eid_stream", "--help"], capture_output=True, text=True).stdout
    services = yaml.safe_load((DEMONSTRATION / "compose.yaml").read_text(encoding="utf-8"))["services"]
    (start,) = re.findall(r"^ExecStart=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    for command in (services["eid-stream"]["command"], start.split()):
        assert all(option in told for option in options_of(command)), command


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    program = tmp_path / "eid-stream"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    text = UNIT.read_text(encoding="utf-8").replace("/opt/eid-stream/bin/eid-stream", str(program))
    (tmp_path / UNIT.name).write_text(text, encoding="utf-8")
    check = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(tmp_path / UNIT.name)]
    done = subprocess.run(check, capture_output=True, text=True)
    complaints = [line for line in done.stderr.splitlines() if UNIT.name in line]
    assert complaints == []


def test_the_image_runs_without_rights_and_copies_only_what_there_is() -> None:
    text = IMAGE.read_text(encoding="utf-8")
    assert re.search(r"^USER eid$", text, re.MULTILINE)
    for line in re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.MULTILINE):
        for name in line.split():
            for lock in EXTRAS:
                assert (ROOT / name.replace("${LOCK}", lock)).exists(), name
