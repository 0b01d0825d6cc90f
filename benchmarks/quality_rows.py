"""Which rows the quality table has, and how each is made."""

from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.peers import CLAHE, DARK_CHANNEL, INPUT, Peer, Product
from eid_stream.backends.prior import PriorEngine
from eid_stream.errors import ConfigError


def make_rows(names: Sequence[str], students: Sequence[Path], teachers: Sequence[Path]) -> list[Peer]:
    """Make the named rows; the input always comes first. Then other students, then teachers.

    Raises:
        ConfigError: there is no row of that name.
        EngineLoadError: a student's files are missing or damaged.
    """
    unknown = [name for name in names if name not in _MAKERS]
    if unknown:
        raise ConfigError(f"There is no row called '{unknown[0]}'. Choose among: {', '.join(_MAKERS)}.")
    rows = [INPUT, *(_MAKERS[name]() for name in names if name != INPUT.name)]
    return [*rows, *(_student(path) for path in students), *(_teacher(path) for path in teachers)]


def _prior() -> Peer:
    return Product("prior", PriorEngine())


_MAKERS: dict[str, Callable[[], Peer]] = {
    "input": lambda: INPUT,
    "clahe": lambda: CLAHE,
    "dcp": lambda: DARK_CHANNEL,
    "prior": _prior,
}
SHIPPED_ROWS = tuple(_MAKERS)


def _student(path: Path) -> Peer:
    raise ConfigError(f"Cannot load {path}: not yet.")


def _teacher(path: Path) -> Peer:
    raise ConfigError(f"Cannot load {path}: not yet.")
