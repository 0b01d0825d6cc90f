"""One step of training: a batch through the student, and every term of the loss."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from training import losses
from training.apply_torch import apply_maps
from training.clip_pairs import ClipPairPool, ClipPairs
from training.colour_torch import convert, rgb_to_ycbcr
from training.smoky_batch import BatchMaker, RealBatch, RenderedBatch
from training.student import Student, maps_of


@dataclass(frozen=True, slots=True)
class BatchSizes:
    """Pictures of each kind in a step."""

    rendered: int = 10
    moments: int = 3
    """How many of the rendered ones are seen at two moments."""
    clear: int = 5
    hazy: int = 6
    clips: int = 2


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
    """Every term by name; the weights are in ``LossWeights``."""
    groups = batch.pictures()
    sizes = [len(group) for group in groups]
    ycbcr = convert(torch.cat(groups), batch.to_ycbcr)
    opacity, airlight, gate = student.see(ycbcr)
    maps = maps_of(opacity, airlight)
    corrected = apply_maps(ycbcr, maps)
    rgb = list(convert(corrected, batch.to_rgb).split(sizes))
    parts = list(corrected.split(sizes))
    opacities, gates = opacity.split(sizes), gate.split(sizes)
    wanted = convert(batch.rendered.clear, batch.to_ycbcr[: sizes[0]])
    content = batch.rendered.content
    terms = {
        "rgb": losses.masked_l1(rgb[0], batch.rendered.clear, content),
        "ycbcr": losses.masked_l1(parts[0], wanted, content),
        "structure": losses.structure(parts[0][:, :1], wanted[:, :1], content),
        "identity": losses.identity(opacities[3]),
        "gate": _gate_loss(gates),
        "density": _density_loss(opacities, batch),
        "smoothness": losses.smoothness(opacity, airlight),
        "flicker": losses.masked_l1(parts[1], parts[2], batch.later.content),
        "dark": _dark_loss(rgb[4], batch),
    }
    if batch.clips:
        terms["clip_flicker"] = _clip_flicker(parts[5], parts[6], batch.clips)
    return terms


def dark_wanted(batch: StudentBatch) -> Tensor:
    """Haze statistics of clear pictures from the sources of the hazy ones."""
    return losses.dark_statistics(batch.clear_of_same_source.rgb, batch.clear_of_same_source.content)


def _dark_loss(rgb: Tensor, batch: StudentBatch) -> Tensor:
    return losses.dark_excess(losses.dark_statistics(rgb.clamp(0.0, 1.0), batch.hazy.content), dark_wanted(batch))


def _gate_loss(gates: tuple[Tensor, ...]) -> Tensor:
    """Rendered and real smoke against clear pictures; labels of real frames are a few per cent wrong."""
    smoky, clear = torch.cat([gates[0], gates[4]]), gates[3]
    smoky_loss = F.binary_cross_entropy_with_logits(smoky, torch.full_like(smoky, 0.95))
    return smoky_loss + F.binary_cross_entropy_with_logits(clear, torch.full_like(clear, 0.05))


def _density_loss(opacities: tuple[Tensor, ...], batch: StudentBatch) -> Tensor:
    content = F.adaptive_avg_pool2d(batch.rendered.content, opacities[0].shape[2:])
    seen = (opacities[0][:, :1] * content).sum((1, 2, 3)) / (content.sum((1, 2, 3)) + 1e-3)
    return (seen - batch.rendered.density[0]).abs().mean()


def _clip_flicker(first: Tensor, second: Tensor, clips: ClipPairs) -> Tensor:
    """Difference beyond what the clip itself has: the second picture is brought onto the first by optical flow."""
    warped = F.grid_sample(second, clips.way, mode="bilinear", padding_mode="border", align_corners=True)
    before = clips.first - F.grid_sample(clips.second, clips.way, padding_mode="border", align_corners=True)
    luma_before = (before * rgb_to_ycbcr(6)[0].to(before)[:, None, None]).sum(1, keepdim=True)
    luma_after = (first - warped)[:, :1]
    return losses.masked_l1(luma_after, luma_before, clips.valid)
