"""Ask for known weaknesses of everything that is handed over: ``python -m deploy.papers.audit [EXCEPTIONS]``.

It asks the database that pip-audit asks by itself; PIP_AUDIT_VULNERABILITY_SERVICE and PIP_AUDIT_OSV_URL name another.
Exit status 1: a weakness without an exception that still holds. Exit status 3: no answer, which is never a pass.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml

from deploy.lock import LOCKS
from deploy.papers.software import SHIPPED

EXCEPTIONS = Path(__file__).with_name("audit_exceptions.yaml")
FOUND, NO_ANSWER = 1, 3


@dataclass(frozen=True)
class Weakness:
    """A known weakness of a package, by all the names it has."""

    package: str
    version: str
    names: frozenset[str]


@dataclass(frozen=True)
class Accepted:
    """A weakness that is accepted until a day."""

    name: str
    package: str
    reason: str
    until: date


def main(exceptions: Path = EXCEPTIONS) -> int:
    """Ask and judge; the exit status."""
    accepted = read_exceptions(exceptions)
    return worst([judge(lock, _ask(lock), accepted, datetime.now(UTC).date()) for lock in SHIPPED])


def worst(statuses: Sequence[int]) -> int:
    """The exit status of several locks: what was found in one is not hidden by another that nobody answered for."""
    return FOUND if FOUND in statuses else max(statuses)


def read_exceptions(path: Path = EXCEPTIONS) -> list[Accepted]:
    """What is accepted for a while."""
    entries: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [Accepted(entry["id"], entry["package"], entry["reason"], entry["until"]) for entry in entries]


def judge(lock: str, answer: dict[str, Any] | None, accepted: Sequence[Accepted], today: date) -> int:
    """Tell what was found in a lock; the exit status."""
    if answer is None:
        print(f"{lock}: nobody answered. Nothing is known about its weaknesses.")
        return NO_ANSWER
    unknown = [entry["name"] for entry in answer["dependencies"] if "skip_reason" in entry]
    open_ones = [weakness for weakness in _weaknesses(answer) if not _is_accepted(weakness, accepted, today)]
    for weakness in open_ones:
        print(f"{lock}: {weakness.package} {weakness.version} has {', '.join(sorted(weakness.names))}: "
              f"`make lock LOCK=--upgrade`, or accept it until a day in {EXCEPTIONS.name}.")  # fmt: skip
    if open_ones:
        return FOUND
    if unknown:
        print(f"{lock}: no answer for {len(unknown)} of {len(answer['dependencies'])} packages, {unknown[0]} first. "
              "Nothing is known about their weaknesses.")  # fmt: skip
        return NO_ANSWER
    print(f"{lock}: {len(answer['dependencies'])} packages, no weakness known that is not accepted.")
    return 0


def _weaknesses(answer: dict[str, Any]) -> list[Weakness]:
    return [
        Weakness(entry["name"], entry["version"], frozenset([found["id"], *found.get("aliases", [])]))
        for entry in answer["dependencies"]
        for found in entry.get("vulns", [])
    ]


def _is_accepted(weakness: Weakness, accepted: Sequence[Accepted], today: date) -> bool:
    named = (entry for entry in accepted if entry.package == weakness.package and entry.name in weakness.names)
    return any(today <= entry.until for entry in named)


def _ask(lock: str) -> dict[str, Any] | None:
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(LOCKS / f"{lock}.txt"), "--require-hashes"]
    command += ["--disable-pip", "--format", "json", "--progress-spinner", "off"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        return None
    return answer


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
