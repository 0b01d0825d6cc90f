"""One step of training: a batch through the student, and every term of the loss."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from eid_stream.core.haze_maps import GAIN_LUMA, OFFSET_Y
from training.data.clip_pairs import ClipPairs, warp
from training.network.colour import Matrices, convert
from training.network.correction import apply_maps, halve
from training.network.student import STRIDE, Sight, Student, maps_of
from training.student import losses
from training.student.batch import TURNED, StudentBatch
from training.student.distillation_terms import against_advice, against_ensemble, against_witness
from training.student.smoky_batch import RealBatch, RenderedBatch


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What the student said of one group of pictures, and what its maps make of them at half size."""

    corrected: Tensor
    """Y'CbCr (n, 3, h / 2, w / 2), not clipped."""
    sight: Sight
    matrices: Matrices
    """Those by which the pictures became Y'CbCr."""

    @property
    def rgb(self) -> Tensor:
        """The corrected pictures in RGB, not clipped."""
        return convert(self.corrected, self.matrices.to_rgb)


def loss_terms(student: Student, batch: StudentBatch) -> dict[str, Tensor]:
    """Every term by name; the weights are in ``LossWeights``.

    Pictures are corrected and compared at half the thumbnail's size: maps are smooth, and it is three times as fast.
    """
    groups = batch.groups()
    ycbcr = torch.cat([convert(rgb, batch.matrices[name].to_ycbcr) for name, rgb in groups.items()])
    seen = student.see(ycbcr)
    with torch.autocast(ycbcr.device.type, enabled=False):  # only the network may work in half precision
        smooth = losses.smoothness(seen.opacity, seen.airlight)
        return _terms(batch, _answers(batch, ycbcr, seen), smooth=smooth)


def _answers(batch: StudentBatch, ycbcr: Tensor, seen: Sight) -> dict[str, Answer]:
    """What was seen in all pictures at once, by group."""
    sizes = {name: len(pictures) for name, pictures in batch.groups().items()}
    corrected = apply_maps(halve(ycbcr), maps_of(seen.opacity, seen.airlight))
    pictures, *parts = (torch.split(part, list(sizes.values())) for part in (corrected, *seen))
    sights = (Sight(*part) for part in zip(*parts, strict=True))
    return {
        name: Answer(picture, sight, batch.matrices[name])
        for name, picture, sight in zip(sizes, pictures, sights, strict=True)
    }


def _terms(batch: StudentBatch, answers: dict[str, Answer], *, smooth: Tensor) -> dict[str, Tensor]:
    rendered, hazy, clear = answers["rendered"], answers["hazy"], answers["clear"]
    terms = {
        **_against_truth(rendered, batch.rendered.clear, batch.rendered.content),
        **_against_veil(rendered, batch.rendered),
        "identity": losses.identity(clear.sight.opacity, clear.sight.logits) + _damage(clear, batch.clear),
        "density": _density_loss(rendered.sight.opacity, batch.rendered),
        "smoothness": smooth,
        "flicker": losses.masked_l1(
            answers["sooner"].corrected, answers["later"].corrected, _halved(batch.later.content)
        ),
        **_without_truth(hazy, batch),
    }
    if batch.clips:
        terms["clip_flicker"] = clip_flicker(answers["first"], answers["second"], batch.clips)
    if batch.witnesses:
        content = _halved(batch.witnesses.valid)
        rgb, before = answers["hazier"].rgb, halve(batch.witnesses.first)
        terms["witness"] = against_witness(rgb, answers["clearer"].rgb, batch.witnesses, content)
        terms["white"] = terms["white"] + losses.tinted_white(rgb, before, torch.ones_like(content))
    if batch.again:
        terms["equivariance"] = _against_truth(answers["again"], batch.again.clear, batch.again.content)["rgb"]
    if batch.agreed:
        turned = [answers[name] for name in TURNED]
        sight = Sight(*(torch.cat(parts) for parts in zip(*(answer.sight for answer in turned), strict=True)))
        content = torch.cat([getattr(batch, name).content for name in TURNED])
        corrected = torch.cat([answer.corrected for answer in turned])
        terms["ensemble"] = against_ensemble(corrected, sight, batch.agreed, content)
    return terms


def _against_truth(answer: Answer, clear: Tensor, content: Tensor) -> dict[str, Tensor]:
    clear, content = halve(clear), _halved(content)
    wanted = convert(clear, answer.matrices.to_ycbcr)
    return {
        "rgb": losses.far_off(answer.rgb, clear, content),
        "ycbcr": losses.masked_l1(answer.corrected, wanted, content),
        "structure": losses.structure(answer.corrected[:, :1], wanted[:, :1], content),
    }


def _against_veil(answer: Answer, batch: RenderedBatch) -> dict[str, Tensor]:
    """Opacity and airlight against the smoke's own, where it was added to code values.

    Airlight counts as much as there is smoke to show it.
    """
    truth, airlight_rgb = torch.split(batch.veil, [1, 3], dim=1)
    known = (~batch.in_light)[:, None, None, None]
    inside = F.avg_pool2d(batch.content, STRIDE) * known
    wanted = convert(airlight_rgb, answer.matrices.to_ycbcr)
    return {
        "opacity": losses.opacity(answer.sight.logits, truth, inside),
        "airlight": losses.masked_l1(answer.sight.airlight, wanted, inside * truth),
    }


def _without_truth(answer: Answer, batch: StudentBatch) -> dict[str, Tensor]:
    """Corrected hazy pictures against clear ones of the same sources, against black and white, and against advice."""
    clear, content = batch.clear_of_same_source, _halved(batch.hazy.content)
    rgb, before = answer.rgb, halve(batch.hazy.rgb)
    wanted = losses.dark_statistics(halve(clear.rgb), _halved(clear.content))
    terms = {
        "dark": losses.unlike_clear(losses.dark_statistics(rgb.clamp(0.0, 1.0), content), wanted),
        "range": losses.out_of_range(rgb, before, content),
        "white": losses.tinted_white(rgb, before, content),
    }
    if batch.hazy.advice:
        terms |= against_advice(rgb, before, answer.sight.logits, content, batch.hazy.advice)
    return terms


def _damage(answer: Answer, clear: RealBatch) -> Tensor:
    """What the correction does to clear pictures."""
    return losses.far_off(answer.rgb, halve(clear.rgb), _halved(clear.content))


def _density_loss(opacity: Tensor, batch: RenderedBatch) -> Tensor:
    content = F.interpolate(batch.content, opacity.shape[2:], mode="area")
    seen = (opacity[:, :1] * content).sum((1, 2, 3)) / (content.sum((1, 2, 3)) + 1e-3)
    return (seen - batch.density[0]).abs().mean()


def clip_flicker(first: Answer, second: Answer, clips: ClipPairs) -> Tensor:
    """What the second frame's maps, brought along the optical flow, would make of the first frame's luma otherwise.

    ``first`` and ``second`` are the answers to the frames of ``clips``. Relative to the gain: a correction that is calm
    in time costs nothing, however strong it is.
    """
    before = halve(convert(clips.first, first.matrices.to_ycbcr)[:, :1])
    maps = [
        maps_of(answer.sight.opacity, answer.sight.airlight)[:, [GAIN_LUMA, OFFSET_Y]] for answer in (first, second)
    ]
    large = [F.interpolate(m, before.shape[2:], mode="bilinear", align_corners=True) for m in maps]
    moved = warp(large[1], clips.way)
    change = ((moved[:, :1] - large[0][:, :1]) * before + moved[:, 1:] - large[0][:, 1:]) / large[0][:, :1].detach()
    return losses.masked_l1(change, torch.zeros_like(change), _halved(clips.valid))


def _halved(content: Tensor) -> Tensor:
    """1 where all four pixels count."""
    return (halve(content) > 0.99).float()
