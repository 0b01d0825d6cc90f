"""The files of an exported student, checked against their card before anything is built from them."""

from dataclasses import dataclass
from pathlib import Path

from eid_stream.backends.student_contract import (
    CARD_FILE,
    MODEL_FILE,
    PROGRAM_FILE,
    read_shipped,
    require_hash,
    shipped_card,
)
from eid_stream.core.engine_card import EngineCard
from eid_stream.core.errors import EngineLoadError


@dataclass(frozen=True, slots=True)
class StudentFiles:
    """The ONNX model that is the reference, the exported program that engines are built from, and their card."""

    model: bytes
    program: bytes
    card: EngineCard


def read_student(folder: Path | None = None) -> StudentFiles:
    """Read the student of a folder, or the one that came with the package.

    Raises:
        EngineLoadError: a file is missing.
        EngineMismatchError: a file is not the one that the card speaks of.
    """
    if folder is None:
        model, program, card = read_shipped(MODEL_FILE), read_shipped(PROGRAM_FILE), shipped_card()
    else:
        model, program = _read(folder / MODEL_FILE), _read(folder / PROGRAM_FILE)
        card = EngineCard.load(folder / CARD_FILE)
    require_hash(model, card.student_sha256, MODEL_FILE)
    require_hash(program, card.program_sha256, PROGRAM_FILE)
    return StudentFiles(model, program, card)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise EngineLoadError(f"Cannot read {path} ({error.strerror}). Export the student into this folder.") from error
