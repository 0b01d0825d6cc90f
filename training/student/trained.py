"""Students that were trained before, from their checkpoints."""

from dataclasses import fields
from pathlib import Path
from typing import Any

from eid_stream.core.errors import ConfigError
from training.checkpoint import load_checkpoint
from training.network.student import Student, StudentShape


def load_student(checkpoint: Path) -> tuple[Student, dict[str, Any]]:
    """A trained student, ready to answer, and what made it.

    Raises:
        ConfigError: the checkpoint cannot be read, or is none of a student of this version.
    """
    weights, made_by = load_checkpoint(checkpoint)
    try:
        made_as = made_by["options"]["shape"]
        student = Student(StudentShape(**{f.name: made_as[f.name] for f in fields(StudentShape)}))
        student.load_state_dict(weights)
    except (KeyError, TypeError, RuntimeError) as error:
        raise ConfigError(f"{checkpoint} is no student of this version: {error}. Train it again.") from error
    return student.eval(), made_by
