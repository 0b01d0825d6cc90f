"""How attacks ended, and one table of them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

SURVIVED = ""
_MOST_LATER = 10


@dataclass(slots=True)
class Row:
    """All tries of one kind of attack."""

    attack: str
    tried: int = 0
    symptoms: Counter[str] = field(default_factory=Counter)
    """What was wrong, by kind; nothing for what survived."""
    examples: dict[str, str] = field(default_factory=dict)
    """The first input that showed a symptom, so that it can be tried again."""
    later: dict[str, list[str]] = field(default_factory=dict)
    """The next few that showed it."""

    @property
    def survived(self) -> int:
        """Tries without a symptom."""
        return self.tried - sum(self.symptoms.values())

    def add(self, other: "Row") -> None:
        """Count further tries of the same kind."""
        self.tried += other.tried
        self.symptoms += other.symptoms
        for symptom, example in other.examples.items():
            self._remember(symptom, [example, *other.later.get(symptom, ())])

    def note(self, symptom: str, example: str) -> None:
        """Count one try; ``symptom`` is ``SURVIVED`` or what was wrong."""
        self.tried += 1
        if symptom:
            self.symptoms[symptom] += 1
            self._remember(symptom, [example])

    def _remember(self, symptom: str, inputs: list[str]) -> None:
        if symptom not in self.examples:
            self.examples[symptom], *inputs = inputs
        kept = self.later.setdefault(symptom, [])
        kept += inputs[: _MOST_LATER - len(kept)]


def table(rows: Iterable[Row]) -> str:
    """Tried, survived and the worst symptom of each attack, as Markdown."""
    lines = ["| attack | tried | survived | worst symptom |", "|---|---:|---:|---|"]
    for row in rows:
        worst = max(row.symptoms, key=_severity, default="")
        told = f"{worst} ({row.symptoms[worst]}x, first: `{row.examples[worst]}`)" if worst else "none"
        lines.append(f"| {row.attack} | {row.tried} | {row.survived} | {told} |")
    return "\n".join(lines)


def _severity(symptom: str) -> int:
    """Crashes before hangs before leaks before what is only said badly."""
    order = ("said", "slow", "lost", "leaked", "hung", "died")
    return next((rank for rank, word in enumerate(order) if symptom.startswith(word)), 0)
