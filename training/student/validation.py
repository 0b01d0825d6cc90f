"""How good a student is at thumbnail scale: quick figures during training. The real ones come from benchmarks."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.data.clip_pairs import read_on_canvas
from training.data.picture_cache import Picture
from training.data.views import View, plain_view
from training.export.two_looks import BothLooks
from training.network.colour import convert, rgb_to_ycbcr, ycbcr_to_rgb
from training.network.correction import apply_maps
from training.network.student import Student
from training.smoke.veil_bank import VeilBank
from training.student.losses import dark_statistics
from training.student.smoky_batch import RealBatch, RenderedBatch, smoke_over

SMOKY_PSNR = 30.0
"""A picture counts as smoky where it is no nearer than this to the clear one, in dB."""


@dataclass(frozen=True, slots=True, eq=False)
class ValidationSet:
    """What a student is tried on: rendered smoke over unseen videos, real clear and hazy frames, a simulated pair."""

    rendered: RenderedBatch
    clear: RealBatch
    hazy: RealBatch
    pair: RenderedBatch | None


def make_validation_set(
    pictures: Sequence[Picture], pair: tuple[Path, Path] | None, *, count: int = 48
) -> ValidationSet:
    """Fixed pictures and fixed smoke; ``pair`` are a smoky and a clear clip, frame by frame the same scene."""
    rng = np.random.default_rng(7)
    clear = _spread([p for p in pictures if p.kind == "clear"], count)
    hazy = _spread([p for p in pictures if p.kind == "hazy"], count)
    veils = VeilBank(count=count, seed=977)
    takes = [veils.draw(rng, moments=1) for _ in clear]
    clear_views, hazy_views = [plain_view(p) for p in clear], [plain_view(p) for p in hazy]
    rendered = smoke_over(clear_views, takes, rng)
    return ValidationSet(rendered, _real(clear_views), _real(hazy_views), _pair(*pair) if pair else None)


@torch.no_grad()
def validate(student: Student, data: ValidationSet) -> dict[str, float]:
    """Figures by name: PSNR in dB of corrected against clear pictures, before and after, and haze statistics."""
    was_training = student.training
    student.eval()
    figures = _against_truth("rendered", student, data.rendered)
    if data.pair:
        figures |= _against_truth("pair", student, data.pair)
    corrected, density = _correct(student, data.clear.rgb)
    same = psnr(corrected, data.clear.rgb, data.clear.content)
    figures |= {"clear_psnr": float(same.median()), "clear_psnr_5th": float(same.quantile(0.05))}
    figures["clear_density"] = float(density.mean())
    corrected, density = _correct(student, data.hazy.rgb)
    figures["hazy_density"] = float(density.mean())
    before, after = (dark_statistics(rgb, data.hazy.content).mean(0) for rgb in (data.hazy.rgb, corrected))
    figures |= {"hazy_dark_before": float(before[0]), "hazy_dark_after": float(after[0])}
    student.train(was_training)
    return {name: round(value, 4) for name, value in figures.items()}


def _against_truth(name: str, student: Student, batch: RenderedBatch) -> dict[str, float]:
    corrected, _ = _correct(student, batch.hazy[0])
    before = psnr(batch.hazy[0], batch.clear, batch.content)
    after = psnr(corrected, batch.clear, batch.content)
    smoky = before < SMOKY_PSNR
    return {f"{name}_before": float(before[smoky].mean()), f"{name}_psnr": float(after[smoky].mean())}


def _correct(student: Student, rgb: Tensor) -> tuple[Tensor, Tensor]:
    device = next(student.parameters()).device
    corrected, densities = [], []
    for some in torch.split(rgb, 16):
        ycbcr = convert(some.to(device), rgb_to_ycbcr(1).to(device))
        maps, density = BothLooks(student)(ycbcr)
        corrected.append(convert(apply_maps(ycbcr, maps), ycbcr_to_rgb(1).to(device)).clamp(0.0, 1.0).cpu())
        densities.append(density.cpu())
    return torch.cat(corrected), torch.cat(densities)


def psnr(a: Tensor, b: Tensor, content: Tensor) -> Tensor:
    """PSNR in dB, (n,), of RGB (n, 3, h, w) in [0, 1] over the content; 60 where there is no difference."""
    squared = (content * (a - b) ** 2).sum((1, 2, 3)) / (3.0 * content.sum((1, 2, 3)) + 1.0)
    return -10.0 * torch.log10(squared + 1e-6)


def _spread(pictures: Sequence[Picture], count: int) -> list[Picture]:
    places = np.linspace(0, len(pictures) - 1, min(count, len(pictures))).round().astype(int)
    return [pictures[place] for place in places]


def _real(views: Sequence[View]) -> RealBatch:
    rgb, content = (np.stack([getattr(view, part) for view in views]) for part in ("rgb", "content"))
    return RealBatch(torch.from_numpy(rgb), torch.from_numpy(content))


def _pair(smoky: Path, clear: Path) -> RenderedBatch:
    pictures = [_every_fifth(path) for path in (smoky, clear)]
    content = (pictures[1].amax(1, keepdim=True) > 0.06).float()
    nothing = torch.zeros(len(content), 4, 1, 1)
    return RenderedBatch(
        pictures[1], pictures[0][None], nothing[None, :, 0, 0, 0], content, nothing, nothing[:, 0, 0, 0]
    )


def _every_fifth(path: Path) -> Tensor:
    frames: list[NDArray[np.uint8]] = [f for n, f in enumerate(read_on_canvas(path)) if n % 5 == 0]
    return torch.from_numpy(np.stack(frames)).permute(0, 3, 1, 2).float() / 255.0
