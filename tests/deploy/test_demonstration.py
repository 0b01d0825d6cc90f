"""The demonstration: its files by those who read them, and Prometheus asked what the dashboard asks."""

import json
import re
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from deploy.lock import ROOT
from eid_stream.flow.stats import Stats
from eid_stream.live.metrics import MetricsEndpoint
from tests.browser import wait_for
from tests.senders import free_port

DEMONSTRATION = ROOT / "deploy" / "demonstration"
BOARD: dict[str, Any] = json.loads((DEMONSTRATION / "grafana" / "eid-stream.json").read_text(encoding="utf-8"))
QUERIES = [target["expr"] for panel in BOARD["panels"] for target in panel["targets"]]


def lost(ours: object, theirs: object) -> Iterator[object]:
    """What of ours is not in theirs."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name, value in ours.items():
            yield from lost(value, theirs.get(name))
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for mine, other in zip(ours, theirs, strict=True):
            yield from lost(mine, other)
    elif ours != theirs:
        yield ours


@pytest.fixture
def figures() -> Iterator[MetricsEndpoint]:
    """What a run with figures in it serves."""
    stats = Stats()
    stats.captured = 1
    for counter in (stats.written, stats.dropped, stats.bypassed, stats.faults):
        counter["x"] += 1
    stats.stage("dehaze").record(1_000_000)
    endpoint = MetricsEndpoint(stats, 0)
    yield endpoint
    endpoint.close()


@pytest.fixture
def prometheus(figures: MetricsEndpoint, tmp_path: Path) -> Iterator[str]:
    """Prometheus with the shipped file, but for the port of the figures and a shorter patience."""
    if shutil.which("prometheus") is None:
        pytest.skip("Prometheus is not installed")
    shipped = (DEMONSTRATION / "prometheus.yml").read_text(encoding="utf-8")
    assert "127.0.0.1:9400" in shipped
    changed = shipped.replace(":9400", f":{figures.port}").replace("scrape_interval: 2s", "scrape_interval: 200ms")
    (tmp_path / "prometheus.yml").write_text(changed, encoding="utf-8")
    address = f"127.0.0.1:{free_port()}"
    where = [f"--config.file={tmp_path / 'prometheus.yml'}", f"--storage.tsdb.path={tmp_path / 'data'}"]
    command = ["prometheus", *where, f"--web.listen-address={address}"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as running:
        yield f"http://{address}"
        running.terminate()


def answers(prometheus: str, query: str) -> list[Any]:
    """The series that a query finds; none while Prometheus does not answer yet."""
    try:
        asked = f"{prometheus}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
        with urllib.request.urlopen(asked, timeout=5) as answer:
            found: list[Any] = json.load(answer)["data"]["result"]
    except OSError:
        return []
    return found


def test_prometheus_reads_the_figures_and_answers_every_query_of_the_dashboard(prometheus: str) -> None:
    assert len(QUERIES) >= 6
    for query in QUERIES:
        wait_for(partial(answers, prometheus, query), f"no answer to {query}")


def test_the_dashboard_asks_only_for_figures_that_are_served(figures: MetricsEndpoint) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{figures.port}/metrics", timeout=5) as answer:
        there = answer.read().decode()
    asked = {name for query in QUERIES for name in re.findall(r"eid_stream_\w+", query)}
    assert len(asked) >= 6
    assert {name for name in asked if not re.search(rf"^{name}[ {{]", there, re.MULTILINE)} == set()


def test_grafana_s_own_model_knows_every_word_of_the_dashboard() -> None:
    plugins.register_default_plugins()
    known = json.loads(json.dumps(Dashboard.from_json(BOARD), cls=JSONEncoder))
    assert list(lost(BOARD, known)) == []


def test_the_dashboard_asks_the_source_that_is_set_up() -> None:
    sources = yaml.safe_load((DEMONSTRATION / "grafana" / "datasource.yaml").read_text(encoding="utf-8"))["datasources"]
    (uid,) = [source["uid"] for source in sources]
    assert {panel["datasource"]["uid"] for panel in BOARD["panels"]} == {uid}


@pytest.mark.skipif(shutil.which("promtool") is None, reason="Prometheus is not installed")
def test_prometheus_accepts_its_file() -> None:
    check = ["promtool", "check", "config", str(DEMONSTRATION / "prometheus.yml")]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_compose_file_is_what_its_reader_expects() -> None:
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*check, str(DEMONSTRATION / "compose.yaml")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_file_that_the_demonstration_mounts_is_there() -> None:
    services = yaml.safe_load((DEMONSTRATION / "compose.yaml").read_text(encoding="utf-8"))["services"]
    mounts = [mount for service in services.values() for mount in service.get("volumes", []) if mount.startswith("./")]
    assert len(mounts) == 4
    assert all((DEMONSTRATION / mount.split(":")[0]).is_file() for mount in mounts)
