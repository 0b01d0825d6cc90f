"""An exported program run on the CPU by PyTorch: what a GPU engine should answer, without a GPU."""

import torch
from torch.export import ExportedProgram

from eid_stream.backends.student_contract import as_input, as_maps
from eid_stream.core.engine_card import EngineCard
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.thumbnail import Thumbnail


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
