"""The table of hazards, their controls and the tests that show each control."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
LIST = Path(__file__).with_name("hazards.yaml")
PAGE = ROOT / "docs" / "hazards.md"
_SKIPPED = {"skip", "xfail"}
_HEAD = """# Hazards, controls and the tests that show them

Made by `make papers` from `deploy/papers/hazards.yaml`; do not edit. A test that is gone or skipped stops it.

This is no risk management file: nobody has estimated how likely or how severe any of this is in use, and eid-stream is
**no medical device**. It is what an integrator can begin with. Each test is run by `python -m pytest -k NAME`, its name
being the sentence with `_` for spaces. More is in [safety.md](safety.md) and [live.md](live.md#safety).
"""


class LostTestError(Exception):
    """A control names a test that does not exist, that exists twice, or that never runs."""


@dataclass(frozen=True)
class Control:
    """What stands against a hazard, and the names of the tests that show it."""

    text: str
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Hazard:
    """What can go wrong, what it may lead to, and what remains in spite of all controls."""

    text: str
    may_lead_to: str
    controls: tuple[Control, ...]
    remains: str


def read_hazards(path: Path = LIST) -> list[Hazard]:
    """The hazards of a list."""
    return [_hazard(entry) for entry in yaml.safe_load(path.read_text(encoding="utf-8"))]


def page_of(hazards: list[Hazard], tests: Path = ROOT / "tests") -> str:
    """The page; every control with the sentences that its tests are.

    Raises:
        LostTestError: a control has no test, or one that does not run.
    """
    homes = dict(_homes(tests))
    parts = [_HEAD]
    for number, hazard in enumerate(hazards, 1):
        parts.append(
            f"\n## {number}. {hazard.text}\n\nMay lead to: {hazard.may_lead_to}.\n\n| control | shown by |\n|---|---|\n"
        )
        parts += [f"| {control.text} | {_shown_by(control, homes)} |\n" for control in hazard.controls]
        if hazard.remains:
            parts.append(f"\nWhat remains: {hazard.remains}\n")
    return "".join(parts)


def _hazard(entry: dict[str, Any]) -> Hazard:
    controls = tuple(Control(control["control"], tuple(control["shown_by"])) for control in entry["controls"])
    return Hazard(entry["hazard"], entry["may_lead_to"], controls, entry.get("remains", ""))


def _shown_by(control: Control, homes: dict[str, list[str]]) -> str:
    if not control.tests:
        raise LostTestError(f"No test shows: {control.text}")
    return "; ".join(f"{_sentence(test)} (`{_home(test, homes)}`)" for test in control.tests)


def _sentence(test: str) -> str:
    return test.removeprefix("test_").replace("_", " ")


def _home(test: str, homes: dict[str, list[str]]) -> str:
    found = homes.get(test, [])
    if len(found) != 1:
        raise LostTestError(
            f"{LIST.name} names {test}, which is {'not among the tests any more' if not found else f'in {found}'}. "
            "Name the test that shows this control, or write it."
        )
    return found[0]


def _homes(tests: Path) -> Iterator[tuple[str, list[str]]]:
    """Every test that runs, and the rooms it is in."""
    homes: dict[str, list[str]] = {}
    for path in sorted(tests.rglob("test_*.py")):
        room = "/".join(("tests", *path.relative_to(tests).parts[:-1][:1]))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and not _never_runs(node):
                homes.setdefault(node.name, []).append(room)
    yield from homes.items()


def _never_runs(node: ast.FunctionDef) -> bool:
    marks = [mark.func if isinstance(mark, ast.Call) else mark for mark in node.decorator_list]
    return any(isinstance(mark, ast.Attribute) and mark.attr in _SKIPPED for mark in marks)
