"""Students that were trained before, from their checkpoints."""

from pathlib import Path
from typing import Any

from eid_stream.core.errors import ConfigError
from training.checkpoint import load_checkpoint
from training.network.student import Rules, Student, StudentShape


def load_student(checkpoint: Path, rules: Rules | None = None) -> tuple[Student, dict[str, Any]]:
    """A trained student, ready to answer by all rules or by those given, and what made it.

    Raises:
        ConfigError: the checkpoint cannot be read, or is none of a student of this version.
    """
    _, made_by = load_checkpoint(checkpoint)
    try:
        student = Student(StudentShape(**made_by["options"]["shape"]), rules)
    except (KeyError, TypeError) as error:
        raise ConfigError(f"{checkpoint} is no student of this version: {error}. Train it again.") from error
    take_weights(student, checkpoint)
    return student.eval(), made_by


def take_weights(student: Student, checkpoint: Path) -> None:
    """Give a student the weights of a trained one.

    Raises:
        ConfigError: the checkpoint cannot be read, or its student has another shape.
    """
    weights, _ = load_checkpoint(checkpoint)
    own = student.state_dict()
    sizes, own_sizes = ({name: tuple(value.shape) for name, value in of.items()} for of in (weights, own))
    other = sorted(name for name in sizes.keys() | own_sizes.keys() if sizes.get(name) != own_sizes.get(name))
    if other:
        raise ConfigError(
            f"{checkpoint} is no student of this version and shape: {len(other)} weights are missing, left over or of "
            f"another size, {other[0]} for one. Train it again, or use the version that wrote it."
        )
    student.load_state_dict(weights)
