"""An exported program of the student as bytes, read and written by PyTorch."""

import io

import torch
from torch.export import ExportedProgram

from eid_stream.core.errors import EngineLoadError


def load_program(content: bytes) -> ExportedProgram:
    """Read an exported program.

    Raises:
        EngineLoadError: PyTorch cannot read it.
    """
    try:
        return torch.export.load(io.BytesIO(content))
    except Exception as error:  # torch.export.load raises whatever its parts raise
        raise EngineLoadError(
            f"PyTorch {torch.__version__} cannot read the exported student: {error}. Export it again."
        ) from error


def save_program(program: ExportedProgram) -> bytes:
    """An exported program as bytes."""
    archive = io.BytesIO()
    torch.export.save(program, archive)
    return archive.getvalue()
