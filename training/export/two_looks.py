"""Both looks of a student at a thumbnail in one program, as a GPU runs them."""

import torch
from torch import Tensor, nn


class BothLooks(nn.Module):
    """A student's mean answer to thumbnails (n, 3, h, w) and to the same turned by half, in one batch of 2 n.

    What ``eid_stream.backends.student_contract.mean_of_looks`` makes of two answers.
    """

    def __init__(self, student: nn.Module) -> None:
        super().__init__()
        self.student = student

    def forward(self, thumbnail: Tensor) -> tuple[Tensor, Tensor]:
        """Haze maps (n, 5, grid) and density (n,)."""
        count = thumbnail.shape[0]
        maps, density = self.student(torch.cat([thumbnail, thumbnail.flip((2, 3))]))
        return 0.5 * (maps[:count] + maps[count:].flip((2, 3))), 0.5 * (density[:count] + density[count:])
