"""The audit as CI runs it: pip-audit itself, over the real locks, with a database of weaknesses that answers here."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from deploy.lock import ROOT, pins
from deploy.papers.audit import FOUND, NO_ANSWER
from deploy.papers.software import SHIPPED

WEAK = "numpy"
ADVISORY = {"id": "PYSEC-2026-1", "aliases": ["CVE-2026-1"], "summary": "made up", "affected": []}


class Database(BaseHTTPRequestHandler):
    """One made-up weakness of one package, in the words of the OSV database's API."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = json.dumps({"vulns": [ADVISORY]} if asked["package"]["name"] == WEAK else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Database) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
        server.shutdown()


def audit(database: str, exceptions: Path) -> "subprocess.CompletedProcess[str]":
    where = {"PIP_AUDIT_VULNERABILITY_SERVICE": "osv", "PIP_AUDIT_OSV_URL": database, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "deploy.papers.audit", str(exceptions)]
    return subprocess.run(command, cwd=ROOT, env=os.environ | where, capture_output=True, text=True, check=False)


@pytest.fixture
def exceptions(tmp_path: Path) -> Path:
    path = tmp_path / "exceptions.yaml"
    path.write_text("[]\n", encoding="utf-8")
    return path


def accept_until(path: Path, days: int) -> None:
    until = datetime.now(UTC).date() + timedelta(days)
    path.write_text(f"[{{id: CVE-2026-1, package: {WEAK}, reason: made up, until: {until}}}]\n", encoding="utf-8")


def test_a_weakness_of_what_is_shipped_fails_the_audit_and_is_named(database: str, exceptions: Path) -> None:
    done = audit(database, exceptions)
    assert done.returncode == FOUND, done.stderr
    assert [f"{lock}: {WEAK}" in done.stdout for lock in SHIPPED] == [True] * len(SHIPPED)
    assert "CVE-2026-1, PYSEC-2026-1" in done.stdout


def test_an_exception_holds_until_its_day_and_no_longer(database: str, exceptions: Path) -> None:
    accept_until(exceptions, days=1)
    held = audit(database, exceptions)
    assert held.returncode == 0, held.stdout
    assert f"{len({pin.name for pin in pins('runtime')})} packages" in held.stdout
    accept_until(exceptions, days=-1)
    assert audit(database, exceptions).returncode == FOUND


def test_a_database_that_is_not_there_is_no_pass(exceptions: Path) -> None:
    done = audit("http://127.0.0.1:9/v1/query", exceptions)
    assert done.returncode == NO_ANSWER, done.stdout
    assert "Nothing is known" in done.stdout
