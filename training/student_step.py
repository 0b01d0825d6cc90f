"""One step of training: a batch through the student, and every term of the loss."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from eid_stream.haze_maps import T_MIN
from training import losses
from training.apply_torch import apply_maps
from training.clip_pairs import ClipPairPool, ClipPairs
from training.colour_torch import convert, rgb_to_ycbcr
from training.smoky_batch import BatchMaker, RealBatch, RenderedBatch
from training.student import STRIDE, Student, maps_of


@dataclass(frozen=True, slots=True)
class BatchSizes:
    """Pictures of each kind in a step."""

    rendered: int = 14
    moments: int = 1
    """How many of the rendered ones are seen at two moments."""
    clear: int = 4
    hazy: int = 6
    clips: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class StudentBatch:
    """Everything one step looks at."""

    rendered: RenderedBatch
    later: RenderedBatch
    """Smoke at two moments."""
    clear: RealBatch
    hazy: RealBatch
    clear_of_same_source: RealBatch
    clips: ClipPairs | None
    to_ycbcr: Tensor
    """(n, 3, 3) for all pictures in the order of ``pictures``."""
    to_rgb: Tensor

    def to(self, device: torch.device) -> "StudentBatch":
        """The same on a device."""
        return StudentBatch(
            rendered=self.rendered.to(device),
            later=self.later.to(device),
            clear=self.clear.to(device),
            hazy=self.hazy.to(device),
            clear_of_same_source=self.clear_of_same_source.to(device),
            clips=self.clips.to(device) if self.clips else None,
            to_ycbcr=self.to_ycbcr.to(device),
            to_rgb=self.to_rgb.to(device),
        )

    def pictures(self) -> list[Tensor]:
        """All RGB pictures the student is shown, by group."""
        pairs = [self.clips.first, self.clips.second] if self.clips else []
        return [self.rendered.hazy[0], self.later.hazy[0], self.later.hazy[1], self.clear.rgb, self.hazy.rgb, *pairs]


def make_batch(maker: BatchMaker, clips: ClipPairPool | None, sizes: BatchSizes) -> StudentBatch:
    """Draw a batch; groups whose members must agree share their matrices."""
    hazy, same_source = maker.paired_by_source(sizes.hazy)
    moments = maker.matrices(sizes.moments)
    pairs = maker.matrices(sizes.clips if clips else 0)
    groups = [maker.matrices(sizes.rendered), moments, moments, maker.matrices(sizes.clear), maker.matrices(sizes.hazy)]
    groups += [pairs, pairs] if clips else []
    return StudentBatch(
        rendered=maker.rendered(sizes.rendered),
        later=maker.rendered(sizes.moments, moments=2),
        clear=maker.real("clear", sizes.clear),
        hazy=hazy,
        clear_of_same_source=same_source,
        clips=clips.draw(sizes.clips) if clips else None,
        to_ycbcr=torch.cat([group[0] for group in groups]),
        to_rgb=torch.cat([group[1] for group in groups]),
    )


def loss_terms(student: Student, batch: StudentBatch) -> dict[str, Tensor]:
    """Every term by name; the weights are in ``LossWeights``.

    Pictures are corrected and compared at half the thumbnail's size: maps are smooth, and it is three times as fast.
    """
    groups = batch.pictures()
    ycbcr = convert(torch.cat(groups), batch.to_ycbcr)
    seen = student.see(ycbcr)
    with torch.autocast(ycbcr.device.type, enabled=False):  # only the network may work in half precision
        return _terms(batch, ycbcr, *seen, sizes=[len(group) for group in groups])


def _terms(
    batch: StudentBatch, ycbcr: Tensor, opacity: Tensor, airlight: Tensor, gate: Tensor, sizes: list[int]
) -> dict[str, Tensor]:
    corrected = apply_maps(F.avg_pool2d(ycbcr, 2), maps_of(opacity, airlight))
    smoky, sooner, later, _, hazy, *pair = torch.split(corrected, sizes)
    opacities, gates = torch.split(opacity, sizes), torch.split(gate, sizes)
    terms = {
        **_against_truth(smoky, batch),
        "identity": losses.identity(opacities[3]),
        "gate": _gate_loss(gates[0], batch.rendered.density[0], hazy=gates[4], clear=gates[3]),
        "density": _density_loss(opacities[0], batch.rendered),
        **_against_veil(opacities[0], torch.split(airlight, sizes)[0], batch),
        "smoothness": losses.smoothness(opacity, airlight),
        "flicker": losses.masked_l1(sooner, later, _halved(batch.later.content)),
        **_without_truth(convert(hazy, torch.split(batch.to_rgb, sizes)[4]), batch),
    }
    if batch.clips:
        terms["clip_flicker"] = _clip_flicker(pair[0], pair[1], batch.clips)
    return terms


def _against_truth(corrected: Tensor, batch: StudentBatch) -> dict[str, Tensor]:
    clear, content = F.avg_pool2d(batch.rendered.clear, 2), _halved(batch.rendered.content)
    count = len(corrected)
    wanted = convert(clear, batch.to_ycbcr[:count])
    return {
        "rgb": losses.masked_l1(convert(corrected, batch.to_rgb[:count]), clear, content),
        "ycbcr": losses.masked_l1(corrected, wanted, content),
        "structure": losses.structure(corrected[:, :1], wanted[:, :1], content),
    }


def _against_veil(opacity: Tensor, airlight: Tensor, batch: StudentBatch) -> dict[str, Tensor]:
    """Opacity and airlight against the smoke's own, where it was added to code values; dense smoke counts more."""
    truth, airlight_rgb = torch.split(batch.rendered.veil, [1, 3], dim=1)
    known = (~batch.rendered.in_light)[:, None, None, None]
    inside = F.avg_pool2d(batch.rendered.content, STRIDE) * known
    wanted = convert(airlight_rgb, batch.to_ycbcr[: len(opacity)])
    return {
        "opacity": losses.masked_l1(opacity, truth.clamp(max=1.0 - T_MIN).expand_as(opacity), inside * (0.2 + truth)),
        "airlight": losses.masked_l1(airlight, wanted, inside * truth),
    }


def _without_truth(rgb: Tensor, batch: StudentBatch) -> dict[str, Tensor]:
    """Corrected hazy pictures against clear ones of the same sources, and against black and white."""
    clear, content = batch.clear_of_same_source, _halved(batch.hazy.content)
    wanted = losses.dark_statistics(F.avg_pool2d(clear.rgb, 2), _halved(clear.content))
    return {
        "dark": losses.unlike_clear(losses.dark_statistics(rgb.clamp(0.0, 1.0), content), wanted),
        "range": losses.out_of_range(rgb, F.avg_pool2d(batch.hazy.rgb, 2), content),
    }


def _gate_loss(rendered: Tensor, density: Tensor, *, hazy: Tensor, clear: Tensor) -> Tensor:
    """Smoke, rendered or real, against clear pictures; labels of real frames are a few per cent wrong."""
    smoky = torch.cat([0.05 + 0.9 * (10.0 * density).clamp(max=1.0), torch.full_like(hazy, 0.95)])
    smoky_loss = F.binary_cross_entropy_with_logits(torch.cat([rendered, hazy]), smoky)
    return smoky_loss + F.binary_cross_entropy_with_logits(clear, torch.full_like(clear, 0.05))


def _density_loss(opacity: Tensor, batch: RenderedBatch) -> Tensor:
    content = F.interpolate(batch.content, opacity.shape[2:], mode="area")
    seen = (opacity[:, :1] * content).sum((1, 2, 3)) / (content.sum((1, 2, 3)) + 1e-3)
    return (seen - batch.density[0]).abs().mean()


def _clip_flicker(first: Tensor, second: Tensor, clips: ClipPairs) -> Tensor:
    """Change of luma from frame to frame beyond the clip's own; optical flow brings the second onto the first."""
    way = clips.way[:, ::2, ::2]
    luma = rgb_to_ycbcr(6)[0].to(first)[:, None, None]
    before = [F.avg_pool2d((luma * rgb).sum(1, keepdim=True), 2) for rgb in (clips.first, clips.second)]
    change_before = before[0] - _warp(before[1], way)
    return losses.masked_l1(first[:, :1] - _warp(second[:, :1], way), change_before, _halved(clips.valid))


def _warp(pictures: Tensor, way: Tensor) -> Tensor:
    return F.grid_sample(pictures, way, mode="bilinear", padding_mode="border", align_corners=True)


def _halved(content: Tensor) -> Tensor:
    """1 where all four pixels count."""
    return (F.avg_pool2d(content, 2) > 0.99).float()
