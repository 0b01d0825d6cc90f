"""What a Dockerfile says: its stages, their steps and what each leaves for those who run it."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("Dockerfile")
_STAGE = re.compile(r"(\S+) AS (\S+)")


@dataclass(frozen=True)
class Step:
    """One instruction, with lines that go on made one."""

    name: str
    rest: str

    def words(self) -> list[str]:
        """Its words, be they a JSON list or not."""
        return [str(word) for word in json.loads(self.rest)] if self.rest.startswith("[") else self.rest.split()


@dataclass(frozen=True)
class Stage:
    """A stage: what it starts from, and its steps."""

    name: str
    base: str
    steps: tuple[Step, ...]


def stages_of(text: str) -> dict[str, Stage]:
    """The stages of a Dockerfile by name. What stands before the first one names the base and is no stage's step.

    Raises:
        ValueError: a stage without a name, or a line that is no instruction.
    """
    stages: dict[str, Stage] = {}
    last: Stage | None = None
    for step in _steps_of(text):
        if step.name == "FROM":
            found = _STAGE.fullmatch(step.rest)
            if found is None:
                raise ValueError(f"a stage has no name: FROM {step.rest}")
            last = Stage(found[2], found[1], ())
        elif last is not None:
            last = Stage(last.name, last.base, (*last.steps, step))
        if last is not None:
            stages[last.name] = last
    return stages


def copied_anywhere(ignored: str) -> tuple[list[str], list[str]]:
    """Of a ``.dockerignore`` that allows by name: what may be copied, and which names may not, wherever they are."""
    lines = ignored.split()
    allowed = [line.removeprefix("!") for line in lines if line.startswith("!")]
    return allowed, [line.removeprefix("**/") for line in lines if line.startswith("**/")]


def _steps_of(text: str) -> list[Step]:
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    whole = re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines()
    steps = [re.fullmatch(r"([A-Z]+)\s+(.+)", line) for line in whole]
    if None in steps:
        raise ValueError(f"this is no instruction: {whole[steps.index(None)]}")
    return [Step(step[1], step[2]) for step in steps if step is not None]
