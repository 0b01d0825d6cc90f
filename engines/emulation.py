"""An exported program run on the CPU by PyTorch: what a GPU engine should answer, without a GPU."""

import io

import torch
from torch.export import ExportedProgram

from eid_stream.backends.student import as_input, as_maps
from eid_stream.engine_card import EngineCard
from eid_stream.errors import EngineLoadError
from eid_stream.haze_maps import HazeMaps
from eid_stream.thumbnail import Thumbnail


class EmulatedEngine:
    """Runs a program in the precision its graph is written in; slow, and the same arithmetic types as on a GPU."""

    def __init__(self, program: ExportedProgram, card: EngineCard) -> None:
        self.card = card
        self._network = program.module(check_guards=False)

    def estimate(self, thumbnail: Thumbnail) -> HazeMaps:
        """Haze maps over the thumbnail's whole canvas."""
        with torch.no_grad():
            maps, density = self._network(torch.from_numpy(as_input(thumbnail, self.card)))
        return as_maps(maps.numpy().copy(), density.numpy())

    def reset(self) -> None:
        """Nothing to forget."""

    def close(self) -> None:
        """Nothing to release."""


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
