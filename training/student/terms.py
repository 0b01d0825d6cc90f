"""From a batch and what the student sees in it to the terms of the loss."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from training.data.clip_pairs import ClipPairs, warp
from training.network.colour import convert, rgb_to_ycbcr, ycbcr_to_rgb
from training.network.correction import apply_maps, quarter
from training.network.student import STRIDE, Sight, maps_of
from training.student import losses
from training.student.batch import KnownBatch, RealBatch, StudentBatch
from training.student.rehazed_views import RehazedViews

WITNESS_LEVEL = 0.02
"""Difference up to which two views of one place may well differ, by noise and alignment."""


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """A batch with what the running average of the student says of it."""

    batch: StudentBatch
    sight: Sight
    """Of the hazy views as they are, on average over mirror images."""
    again: RehazedViews | None

    def pictures(self) -> dict[str, Tensor]:
        """All RGB pictures (n, 3, h, w) that the student is shown, by group."""
        batch = self.batch
        shown = {"rendered": batch.rendered.hazy, "clear": batch.clear.rgb, "hazy": batch.hazy.changed}
        if batch.witnesses:
            shown |= {"hazier": batch.witnesses.first, "clearer": batch.witnesses.second}
        if self.again:
            shown["again"] = self.again.hazy
        return shown


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What the student sees in one group of pictures, and its correction: RGB at a quarter of the size."""

    sight: Sight
    rgb: Tensor


def answers_of(sight: Sight, ycbcr: Tensor, sizes: dict[str, int]) -> dict[str, Answer]:
    """By group what was seen in all pictures at once; compared at a quarter of the size: maps are smooth."""
    corrected = convert(apply_maps(quarter(ycbcr), maps_of(sight.opacity, sight.airlight)), ycbcr_to_rgb(1))
    rgb, *parts = (torch.split(part, list(sizes.values())) for part in (corrected, *sight))
    sights = (Sight(*part) for part in zip(*parts, strict=True))
    return {name: Answer(seen, picture) for name, seen, picture in zip(sizes, sights, rgb, strict=True)}


def loss_terms(lesson: Lesson, answers: dict[str, Answer]) -> dict[str, Tensor]:
    """Every term by name."""
    batch = lesson.batch
    terms = {
        **_against_truth(answers["rendered"], batch.rendered),
        "identity": _identity(answers["clear"], batch.clear),
        "teacher": _against_average(answers["hazy"], lesson.sight),
        "label": _against_label(answers["hazy"], batch.hazy),
    }
    if batch.witnesses:
        terms["witness"] = _against_witness(answers["hazier"], answers["clearer"], batch.witnesses)
    if lesson.again:
        wanted, inside = quarter(lesson.again.clear), _inside(lesson.again.content)
        terms["equivariance"] = losses.far_off(answers["again"].rgb, wanted, inside)
    return terms


def _against_truth(answer: Answer, batch: KnownBatch) -> dict[str, Tensor]:
    """Pictures, and opacity and airlight where they are known; airlight counts as much as smoke shows it."""
    truth, airlight = torch.split(batch.veil, [1, 3], dim=1)
    inside = F.avg_pool2d(batch.content, STRIDE) * batch.known[:, None, None, None]
    wanted = convert(airlight, rgb_to_ycbcr(1))
    return {
        "rgb": losses.far_off(answer.rgb, quarter(batch.clear), _inside(batch.content)),
        "opacity": losses.opacity(answer.sight.logits, truth, inside),
        "airlight": losses.masked_l1(answer.sight.airlight, wanted, inside * truth),
    }


def _identity(answer: Answer, clear: RealBatch) -> Tensor:
    damage = losses.far_off(answer.rgb, quarter(clear.rgb), _inside(clear.content))
    return losses.no_opacity(answer.sight.opacity, answer.sight.logits) + damage


def _against_average(answer: Answer, average: Sight) -> Tensor:
    weight = average.content * (losses.CLEAR_WEIGHT + average.opacity[:, :1])
    return losses.cross_entropy(answer.sight.logits, torch.sigmoid(average.logits), weight)


def _against_label(answer: Answer, batch: RealBatch) -> Tensor:
    opacity, trust = torch.split(batch.label, 1, dim=1)
    inside = trust * F.avg_pool2d(batch.content, STRIDE)
    return losses.opacity(answer.sight.logits, opacity, inside)


def _against_witness(hazier: Answer, clearer: Answer, moments: ClipPairs) -> Tensor:
    """The clearer view is the witness and takes no gradient. Robust: exposure follows smoke a little."""
    wanted = warp(clearer.rgb.detach().clamp(0.0, 1.0), moments.way)
    difference = ((hazier.rgb - wanted) ** 2 + WITNESS_LEVEL**2).sqrt() - WITNESS_LEVEL
    return losses.masked_l1(difference, torch.zeros_like(difference), _inside(moments.valid))


def _inside(content: Tensor) -> Tensor:
    """1 where all pixels count."""
    return (quarter(content) > 0.99).float()
