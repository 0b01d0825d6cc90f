"""A student of the user's own, or of another science, in the place of the shipped one: ``--weights``."""

import os
from importlib.resources import files
from pathlib import Path

from eid_stream.backends.student_contract import CARD_FILE, MODEL_FILE
from eid_stream.core.engine_card import EngineCard
from eid_stream.core.errors import EngineLoadError, EngineMismatchError
from eid_stream.core.interfaces import Engine

VARIABLE = "EID_STREAM_WEIGHTS"
"""Environment variable that stands for ``--weights`` where that is not given."""


def chosen_weights(asked: str | None) -> str | None:
    """What ``--weights`` or else the environment names; None for the shipped student."""
    return asked or os.environ.get(VARIABLE) or None


def open_weights(name: str) -> Engine:
    """The student in a folder of ``training.export.export_student``, named by the folder or one of its files.

    The name of a science whose student came with the package, such as ``natural``, means that one.

    Raises:
        EngineLoadError: there is no such student, or its card cannot be read.
        EngineMismatchError: model and card do not belong together, or the card has no golden answers.
    """
    from eid_stream.backends.onnx_runtime.onnx_engine import OnnxEngine  # loads ONNX Runtime

    model, card_path = _files_of(name)
    card = EngineCard.load(card_path)
    if not card.golden:
        raise EngineMismatchError(f"The card {card_path} has no golden answers: export the student again.")
    try:
        return OnnxEngine(model.read_bytes(), card)
    except OSError as error:
        raise EngineLoadError(f"Cannot read the weights {model}: {error.strerror}. Check the name.") from error


def sciences() -> list[str]:
    """Names of the students for other sciences that came with the package."""
    shipped = files("eid_stream").joinpath("weights")
    return sorted(folder.name for folder in shipped.iterdir() if folder.joinpath(MODEL_FILE).is_file())


def _files_of(name: str) -> tuple[Path, Path]:
    known = sciences()
    if name in known:
        folder = Path(str(files("eid_stream").joinpath("weights", name)))
        return folder / MODEL_FILE, folder / CARD_FILE
    path = Path(name)
    folder = path if path.is_dir() else path.parent
    model = path if path.suffix == ".onnx" else folder / MODEL_FILE
    if not model.is_file():
        shipped = f", or one of {', '.join(known)}" if known else ""
        raise EngineLoadError(
            f"There are no weights in {name}: name a folder that holds {MODEL_FILE} and {CARD_FILE}{shipped}."
        )
    return model, path if path.suffix == ".json" else model.with_suffix(".json")
