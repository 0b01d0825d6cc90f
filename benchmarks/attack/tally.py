"""Counts of many short attacks, kept in a file, so that a long one can be made in pieces."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.attack.outcome import Row


class Tally:
    """What was tried so far, by attack. Numbers go on where they ended, so that no input is tried twice."""

    def __init__(self, path: Path | None) -> None:
        """Go on from what is in the file, if there is one; without a path nothing is kept."""
        self._path = path
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
        if self._path is not None:
            told = {name: _facts(each) for name, each in self.rows.items()}
            self._path.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def _facts(row: Row) -> dict[str, Any]:
    return {"attack": row.attack, "tried": row.tried, "symptoms": dict(row.symptoms), "examples": row.examples}
