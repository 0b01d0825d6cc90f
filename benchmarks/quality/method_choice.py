"""Which rows the quality table has, and how each is made."""

from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np

from benchmarks.quality.methods import CLAHE, DARK_CHANNEL, INPUT, Method, Product, Still
from benchmarks.quality.pictures import Rgb
from eid_stream.backends.onnx_runtime.onnx_engine import OnnxEngine, open_onnx
from eid_stream.backends.prior_engine import PriorEngine
from eid_stream.backends.student_contract import MODEL_FILE
from eid_stream.core.engine_card import EngineCard
from eid_stream.core.errors import ConfigError, EngineLoadError

_MAKERS: dict[str, Callable[[], Method]] = {
    "input": lambda: INPUT,
    "clahe": lambda: CLAHE,
    "dcp": lambda: DARK_CHANNEL,
    "prior": lambda: Product("prior", PriorEngine()),
    "student": lambda: Product("student", open_onnx()),
}
ROWS = tuple(_MAKERS)


def rows_at_hand() -> tuple[str, ...]:
    """All rows, less the student where its weights were not shipped."""
    shipped = files("eid_stream").joinpath("weights", MODEL_FILE).is_file()
    return tuple(name for name in ROWS if name != "student" or shipped)


def make_rows(names: Sequence[str], students: Sequence[Path], teachers: Sequence[Path]) -> list[Method]:
    """Make the named rows; the input always comes first. Then other students, then teachers.

    Raises:
        ConfigError: there is no row of that name, two rows would have the same name, or a teacher cannot be loaded.
        EngineError: a student cannot be loaded.
    """
    unknown = [name for name in names if name not in _MAKERS]
    if unknown:
        raise ConfigError(f"There is no row called '{unknown[0]}'. Choose among: {', '.join(_MAKERS)}.")
    rows = [INPUT, *(_MAKERS[name]() for name in names if name != INPUT.name)]
    titles = _titles([*students, *teachers])
    rows += map(_student, students, titles)
    rows += map(_teacher, teachers, titles[len(students) :])
    given = [row.name for row in rows]
    if len(set(given)) < len(given):
        raise ConfigError(f"Two rows have the same name, in: {', '.join(given)}. Name each row and file once.")
    return rows


def _student(path: Path, title: str) -> Method:
    """An exported student; its card lies beside it, with the same name and the ending .json."""
    try:
        model = path.read_bytes()
    except OSError as error:
        raise EngineLoadError(f"Cannot read the student {path}: {error.strerror}. Export it again.") from error
    return Product(title, OnnxEngine(model, EngineCard.load(path.with_suffix(".json"))))


def _teacher(path: Path, title: str) -> Method:
    """A trained teacher, or a haze operator's companion; frame by frame at full size, as it never runs live."""
    from training.eid.teacher import load_teacher

    dehaze = load_teacher(path)

    def clear(rgb: Rgb) -> Rgb:
        return np.asarray(255.0 * dehaze(rgb.astype(np.float32) / np.float32(255.0)) + 0.5, np.uint8)

    return Still(title, clear)


def _titles(paths: Sequence[Path]) -> list[str]:
    """Names without ending and the folders they lie in, as many as it takes to tell them apart; one at least."""
    whole = [path.resolve().with_suffix("").parts for path in paths]
    depth = 2
    while depth < max(map(len, whole), default=0) and len({parts[-depth:] for parts in whole}) < len(whole):
        depth += 1
    return ["/".join(parts[-depth:]) for parts in whole]
