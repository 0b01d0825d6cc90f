"""How good a student is at thumbnail scale: quick figures after training. The real ones come from benchmarks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from eid_stream.smoke import Smoke
from eid_stream.smoke.camera import compress_jpeg
from training.data.picture_cache import Picture
from training.data.views import plain_view
from training.network.colour import convert, rgb_to_ycbcr, ycbcr_to_rgb
from training.network.correction import apply_maps
from training.network.student import Student

DENSITIES = (0.2, 0.4, 0.65)
UNTOUCHED = 0.04
"""Mean opacity up to which a smoky picture counts as left untouched."""
Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class ValidationSet:
    """RGB (n, 3, h, w) on the thumbnail's canvas, and where the scene is, (n, 1, h, w)."""

    clear: Tensor
    content: Tensor
    smoky: tuple[Tensor, ...]
    """The clear ones under smoke as ``eid_stream.smoke`` renders it, of each of ``DENSITIES``, compressed."""
    hazy: Tensor
    hazy_content: Tensor


def make_validation_set(pictures: Sequence[Picture], *, count: int = 48) -> ValidationSet:
    """Fixed pictures, as many of each kind as ``count`` or as there are, and fixed smoke."""
    clear = [plain_view(p) for p in _spread([p for p in pictures if p.kind == "clear"], count)]
    hazy = [plain_view(p) for p in _spread([p for p in pictures if p.kind == "hazy"], count)]
    smoky = tuple(
        _stack([_smoky(view.rgb, view.content, density, number) for number, view in enumerate(clear)])
        for density in DENSITIES
    )
    parts = [_stack([getattr(v, part) for v in views]) for views in (clear, hazy) for part in ("rgb", "content")]
    return ValidationSet(parts[0], parts[1], smoky, parts[2], parts[3])


@torch.no_grad()
def validate(student: Student, data: ValidationSet) -> dict[str, float]:
    """Figures by name: PSNR in dB of corrected smoke and what it gained, of clear frames, and opacities."""
    student.eval()
    figures: dict[str, float] = {}
    for density, smoky in zip(DENSITIES, data.smoky, strict=True):
        corrected, _ = _correct(student, smoky)
        before, after = (psnr(rgb, data.clear, data.content) for rgb in (smoky, corrected))
        figures |= {f"psnr_{density}": float(after.mean()), f"gain_{density}": float((after - before).mean())}
        figures[f"gain_5th_{density}"] = float((after - before).quantile(0.05))
    corrected, density_seen = _correct(student, data.clear)
    same = psnr(corrected, data.clear, data.content)
    figures |= {"clear_psnr": float(same.median()), "clear_psnr_5th": float(same.quantile(0.05))}
    figures["clear_density"] = float(density_seen.mean())
    if len(data.hazy):
        _, seen = _correct(student, data.hazy)
        figures |= {"hazy_density": float(seen.mean()), "hazy_untouched": float((seen < UNTOUCHED).float().mean())}
    return {name: round(value, 3) for name, value in figures.items()}


def psnr(a: Tensor, b: Tensor, content: Tensor) -> Tensor:
    """PSNR in dB, (n,), of RGB (n, 3, h, w) in [0, 1] over the content; 60 where there is no difference."""
    squared = (content * (a - b) ** 2).sum((1, 2, 3)) / (3.0 * content.sum((1, 2, 3)) + 1.0)
    return -10.0 * torch.log10(squared + 1e-6)


def _correct(student: Student, rgb: Tensor) -> tuple[Tensor, Tensor]:
    device = next(student.parameters()).device
    corrected, densities = [], []
    for some in torch.split(rgb, 4):
        ycbcr = convert(some.to(device), rgb_to_ycbcr(1).to(device))
        maps, density = student(ycbcr)
        corrected.append(convert(apply_maps(ycbcr, maps), ycbcr_to_rgb(1).to(device)).clamp(0.0, 1.0).cpu())
        densities.append(density.cpu())
    return torch.cat(corrected), torch.cat(densities)


def _smoky(rgb: Array, content: Array, density: float, number: int) -> Array:
    picture = np.ascontiguousarray(rgb.transpose(1, 2, 0))
    smoke = Smoke(seed=4000 + number, width=picture.shape[1], height=picture.shape[0], density=density)
    rendered = smoke.render(picture, 1.0 + number, content=content[0] > 0)
    return compress_jpeg(rendered.hazy, quality=85).transpose(2, 0, 1)


def _spread(pictures: Sequence[Picture], count: int) -> list[Picture]:
    places = np.linspace(0, len(pictures) - 1, min(count, len(pictures))).round().astype(int)
    return [pictures[place] for place in places]


def _stack(arrays: Sequence[Array]) -> Tensor:
    return torch.from_numpy(np.stack(arrays)) if arrays else torch.zeros(0, 1, 1, 1)
