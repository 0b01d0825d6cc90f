"""Images, units and the demonstration: valid by whoever reads them, and with nothing in them that is not there."""

import json
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from deploy.lock import EXTRAS, ROOT
from eid_stream.flow.stats import Stats
from eid_stream.live.metrics import MetricsEndpoint

IMAGE = ROOT / "deploy" / "image" / "Dockerfile"
DEMONSTRATION = ROOT / "deploy" / "demonstration"
UNIT = ROOT / "deploy" / "machine" / "eid-stream.service"


def options_of(command: list[str]) -> set[str]:
    return {word for word in command if word.startswith("--")}


def served() -> str:
    """What a run with figures in it tells Prometheus."""
    stats = Stats()
    stats.captured = 1
    for counter in (stats.written, stats.dropped, stats.bypassed, stats.faults):
        counter["x"] += 1
    stats.stage("dehaze").record(1_000_000)
    endpoint = MetricsEndpoint(stats, 0)
    try:
        with socket.create_connection(("127.0.0.1", endpoint.port)) as visitor:
            visitor.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            return b"".join(iter(lambda: visitor.recv(65536), b"")).decode()
    finally:
        endpoint.close()


def test_the_compose_file_is_what_its_reader_expects() -> None:
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*check, str(DEMONSTRATION / "compose.yaml")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_every_file_that_the_demonstration_mounts_is_there() -> None:
    services = yaml.safe_load((DEMONSTRATION / "compose.yaml").read_text(encoding="utf-8"))["services"]
    mounts = [mount for service in services.values() for mount in service.get("volumes", []) if mount.startswith("./")]
    assert len(mounts) == 4
    assert all((DEMONSTRATION / mount.split(":")[0]).is_file() for mount in mounts)


def test_the_dashboard_asks_only_for_figures_that_are_served() -> None:
    there = served()
    board = json.loads((DEMONSTRATION / "grafana" / "eid-stream.json").read_text(encoding="utf-8"))
    asked = {name for panel in board["panels"] for target in panel["targets"]
             for name in re.findall(r"eid_stream_\w+", target["expr"])}  # fmt: skip
    assert len(asked) >= 6
    assert {name for name in asked if not re.search(rf"^{name}[ {{]", there, re.MULTILINE)} == set()


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
