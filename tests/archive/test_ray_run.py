"""A real cluster of two nodes on this machine, of which one is killed while it works."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from eid_stream.archive.manifest import Manifest
from tests.command import wait_until
from tests.isolated_network import needs_isolation, packets_of
from tests.media.side_streams import Sound
from tests.media.writing import Clip, write_clip

utils: Any = pytest.importorskip("ray.cluster_utils", reason="Ray is not installed: pip install 'eid-stream[ray]'")

FRAMES = 400


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    for name, limit in (("raylet_start_wait_time_s", 120), ("agent_register_timeout_ms", 120_000)):
        monkeypatch.setenv(f"RAY_{name}", str(limit))  # a busy machine takes its time
    try:
        made = utils.Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    except Exception as error:  # Ray's own parts give each other fixed times, which a busy machine does not keep
        pytest.skip(f"no Ray cluster starts here: {str(error).splitlines()[0]}")
    yield made
    made.shutdown()


def test_a_node_that_is_killed_loses_nothing(cluster: Any, tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    write_clip(folder / "a.mp4", Clip(frames=FRAMES, size=(128, 96), sounds=[Sound(seconds=16.0)]))
    lost = cluster.add_node(num_cpus=2)
    command = [sys.executable, "-m", "eid_stream", "--source", str(folder), "--engine", "prior"]
    with subprocess.Popen(
        [*command, "--out", str(out), "--on", f"ray:{cluster.address}"], stderr=subprocess.PIPE, text=True
    ) as run:
        resume = out / ".unfinished.a.mp4.part.resume"
        wait_until(lambda: run.poll() is not None or (resume.exists() and resume.stat().st_size > 10_000))
        assert run.poll() is None
        cluster.add_node(num_cpus=2)
        cluster.remove_node(lost, allow_graceful=False)  # SIGKILL for all of it, as a power cut
        _, told = run.communicate(timeout=120)
    assert run.returncode == 0, told
    entry = Manifest(out)["a.mp4"]
    assert entry is not None
    assert (entry.state, entry.frames) == ("done", FRAMES)
    subprocess.run([*command, "--out", str(tmp_path / "whole")], check=True, capture_output=True)
    assert (out / "a.mp4").read_bytes() == (tmp_path / "whole" / "a.mp4").read_bytes()


@needs_isolation
@pytest.mark.timeout(240)
def test_a_cluster_that_we_start_asks_for_no_host(tmp_path: Path) -> None:
    """Ray 2.60 asks three clouds whether it runs there, also without usage statistics."""
    folder = tmp_path / "in"
    folder.mkdir()
    write_clip(folder / "a.mp4", Clip(frames=10))
    control = "import socket\ntry: socket.getaddrinfo('control.example', 443)\nexcept OSError: pass"
    options = ("--source", str(folder), "--out", str(tmp_path / "out"), "--engine", "prior", "--on", "ray")
    commands = [(sys.executable, "-c", control), (sys.executable, "-m", "eid_stream", *options)]
    sent = packets_of(commands, tmp_path, seconds=180)
    if "Cannot use a Ray cluster" in (told := (tmp_path / "1.log").read_text()):
        pytest.skip("no Ray cluster starts here")
    assert "1 video done" in told
    assert sent == ["control.example asked for"]
