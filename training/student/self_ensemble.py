"""Geometric self-ensemble: what the student sees in a picture and in its mirror images, averaged (Timofte et al. 2016).

The four differ, and their mean is nearer to the truth than what is seen in the picture alone. At run time it would take
four times as long, so the student is trained to say at once what it says on average.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from training.network.correction import apply_maps, halve
from training.network.opacity import opacity_of
from training.network.student import Sight, Student, maps_of

TURNS: tuple[tuple[int, ...], ...] = ((), (3,), (2,), (2, 3))
"""Symmetries of the canvas, as axes to flip: none, mirrored, upside down, half a turn."""


class Agreed(NamedTuple):
    """What a student says of n pictures on average, as they are and turned."""

    sight: Sight
    corrected: Tensor
    """What it makes of them at half size: Y'CbCr (n, 3, h / 2, w / 2), not clipped."""

    def to(self, device: torch.device) -> "Agreed":
        """The same on a device."""
        return Agreed(Sight(*(part.to(device) for part in self.sight)), self.corrected.to(device))


@torch.no_grad()
def agree(student: Student, ycbcr: Tensor) -> Agreed:
    """What ``student``, in eval mode, sees in Y'CbCr pictures (n, 3, h, w) on average over ``TURNS``.

    Logits are averaged and not opacities, so that smoke seen in one turn only counts for little; an airlight counts
    as much as the opacity that it is seen by.
    """
    seen = [Sight(*(part.flip(turn) for part in student.see(ycbcr.flip(turn)))) for turn in TURNS]
    logits = sum((sight.logits for sight in seen), torch.zeros(())) / len(seen)
    shares = torch.stack([sight.opacity[:, :1] + 1e-3 for sight in seen])
    airlights = torch.stack([sight.airlight for sight in seen])
    airlight = (shares * airlights).sum(0) / shares.sum(0)
    content = seen[0].content
    opacity = opacity_of(logits, content)
    return Agreed(Sight(opacity, airlight, logits, content), apply_maps(halve(ycbcr), maps_of(opacity, airlight)))
