"""What the student learns from EID, from time, and from itself: terms that need no truth."""

import torch
from torch import Tensor
from torch.nn import functional as F

from training.data.clip_pairs import ClipPairs, warp
from training.network.correction import halve
from training.network.student import STRIDE, Sight
from training.student import losses
from training.student.self_ensemble import Agreed
from training.student.teacher_answers import AdviceBatch

COARSE = 4
"""The teacher is heard at this many of the compared picture's pixels: below, its texture is invented."""
WHITE = 0.75
"""Mean of R, G and B from which teacher and companion are not heard: they take white things for haze."""
WITNESS_LEVEL = 0.02
"""Difference up to which two views of one place may well differ, by noise and alignment."""


def against_advice(
    rgb: Tensor, hazy: Tensor, logits: Tensor, content: Tensor, advice: AdviceBatch
) -> dict[str, Tensor]:
    """Corrected ``rgb`` of ``hazy`` (n, 3, h, w) against what teacher and companion say; ``content`` is (n, 1, h, w).

    ``advice`` is of twice that size, ``logits`` are those of the opacities in the student's ``Sight``. Terms, where
    nothing is white:

    * answer: the teacher's picture, coarse;
    * veil: the companion's opacity against the logits of the student's;
    * consistency: the companion's veil laid over ``rgb`` gives ``hazy`` back (EID, haze consistency).
    """
    answer, airlight, veiled = (halve(t) for t in (advice.answer, advice.airlight, advice.opacity))
    believed = content * (hazy.mean(1, keepdim=True) < WHITE)
    coarse, inside = F.avg_pool2d(rgb - answer, COARSE), (F.avg_pool2d(believed, COARSE) > 0.9).float()
    rehazed = rgb.clamp(0.0, 1.0) * (1.0 - veiled) + airlight * veiled
    return {
        "answer": losses.masked_l1(coarse, torch.zeros_like(coarse), inside),
        "veil": losses.opacity(logits, F.avg_pool2d(advice.opacity, STRIDE), F.avg_pool2d(believed, STRIDE // 2)),
        "consistency": losses.masked_l1(rehazed, hazy, believed),
    }


def against_witness(hazier: Tensor, clearer: Tensor, moments: ClipPairs, content: Tensor) -> Tensor:
    """Haze invariance in time: the corrected hazier view (n, 3, h, w) agrees with the corrected clearer one.

    Both are of half the size of ``moments``, RGB, not clipped; ``content`` (n, 1, h, w) is one where they are aligned.
    The clearer view is the witness and takes no gradient. Robust (Charbonnier): exposure follows smoke a little.
    """
    wanted = warp(clearer.detach().clamp(0.0, 1.0), moments.way)
    difference = ((hazier - wanted) ** 2 + WITNESS_LEVEL**2).sqrt() - WITNESS_LEVEL
    return losses.masked_l1(difference, torch.zeros_like(difference), content)


def against_ensemble(corrected: Tensor, sight: Sight, agreed: Agreed, content: Tensor) -> Tensor:
    """What is seen in pictures, and what that makes of them, against what is seen on average over their turns.

    ``corrected`` is as of ``Agreed``; ``content`` (n, 1, h, w) is of the pictures' own size. Opacity by cross entropy,
    and as much as there is smoke.
    """
    opacity = agreed.sight.opacity[:, :1]
    inside = F.avg_pool2d(content, STRIDE)
    weight = inside * (losses.CLEAR_WEIGHT + opacity)
    return (
        losses.cross_entropy(sight.logits, torch.sigmoid(agreed.sight.logits), weight)
        + losses.masked_l1(sight.airlight, agreed.sight.airlight, inside * opacity)
        + losses.masked_l1(corrected, agreed.corrected, (halve(content) > 0.99).float())
    )
