"""The running average of the student as its teacher: it sees more, by its mirror images, and what the student learned.

Mean teacher: Tarvainen and Valpola 2017; geometric self-ensemble: Timofte et al. 2016. The student learns to say at one
look what its average says at several.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from training.network.opacity import opacity_of
from training.network.student import Sight, Student

TURNS: tuple[tuple[int, ...], ...] = ((), (3,), (2,), (2, 3))
"""Symmetries of the canvas, as axes to flip: none, mirrored, upside down, half a turn."""
LOOKS = (TURNS[0], TURNS[3])


@torch.no_grad()
def sight_of_average(student: Student, ycbcr: Tensor, first_stages: Callable[[Tensor], Tensor]) -> Sight:
    """What ``student``, in eval mode, sees in Y'CbCr pictures (n, 3, h, w) on average over ``LOOKS``.

    ``first_stages`` is the trunk's.

    Logits are averaged and not opacities, so that smoke seen in one look only counts for little; an airlight counts
    as much as the opacity that it is seen by.
    """
    turned = torch.cat([ycbcr.flip(turn) for turn in LOOKS])
    parts = [torch.chunk(part, len(LOOKS)) for part in student.see(turned, first_stages(turned))]
    seen = [Sight(*(part[n].flip(turn) for part in parts)) for n, turn in enumerate(LOOKS)]
    logits = sum((sight.logits for sight in seen), torch.zeros(())) / len(seen)
    shares = torch.stack([sight.opacity[:, :1] + 1e-3 for sight in seen])
    airlights = torch.stack([sight.airlight for sight in seen])
    return Sight(opacity_of(logits), (shares * airlights).sum(0) / shares.sum(0), logits, seen[0].content)
