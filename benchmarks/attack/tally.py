"""Counts of many short attacks, kept in a file, so that a long one can be made in pieces."""

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.attack.outcome import Row

_SECONDS_BETWEEN = 10.0


class Tally:
    """What was tried so far, by attack. Numbers go on where they ended, so that no input is tried twice."""

    def __init__(self, path: Path | None) -> None:
        """Go on from what is in the file, if there is one; without a path nothing is kept."""
        self._path = path
        self._kept = time.monotonic()
        self.rows: dict[str, Row] = {}
        if path is not None and path.exists():
            told = json.loads(path.read_text(encoding="utf-8"))
            self.rows = {name: Row(**{**row, "symptoms": Counter(row["symptoms"])}) for name, row in told.items()}

    def tried(self, attack: str) -> int:
        """How often an attack was tried so far."""
        return self.rows[attack].tried if attack in self.rows else 0

    def add(self, row: Row) -> None:
        """Count a piece, and keep it at once."""
        self.rows.setdefault(row.attack, Row(row.attack)).add(row)
        self.keep()

    def note(self, attack: str, symptom: str, example: str) -> None:
        """Count one try; kept now and then, should the attacker itself be ended."""
        self.rows.setdefault(attack, Row(attack)).note(symptom, example)
        if time.monotonic() - self._kept > _SECONDS_BETWEEN:
            self.keep()

    def keep(self) -> None:
        """Write all of it into the file."""
        self._kept = time.monotonic()
        if self._path is not None:
            told = {name: _facts(each) for name, each in self.rows.items()}
            fresh = self._path.with_name(f"{self._path.name}.new")
            fresh.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
            fresh.replace(self._path)


def _facts(row: Row) -> dict[str, Any]:
    inputs = {"examples": row.examples, "later": row.later}
    return {"attack": row.attack, "tried": row.tried, "symptoms": dict(row.symptoms), **inputs}
