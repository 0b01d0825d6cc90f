"""Export a teacher that sees veils as a student: ``python -m training.export.export_veils TEACHER OUT``.

A veil on a coarse grid is what haze maps are made of, so nothing has to be distilled: f answers maps itself. What is
lost are the edges that the veil follows at full size, and transmission below what maps may say.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from eid_stream.backends.student_contract import CARD_FILE
from eid_stream.core.content_area import BLACK
from eid_stream.core.errors import ConfigError
from eid_stream.core.haze_maps import T_MIN
from eid_stream.core.thumbnail import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH
from training.checkpoint import load_checkpoint
from training.command import run_command
from training.eid.haze_networks import VeilEstimator
from training.eid.teacher import Companion, VeilTeacher, load_network
from training.eid.veil_look import LookName
from training.export.export_student import export_student
from training.network.colour import rgb_to_ycbcr, ycbcr_to_rgb
from training.network.opacity import mean_inside
from training.network.student import STRIDE, maps_of

GRID = THUMBNAIL_HEIGHT // STRIDE, THUMBNAIL_WIDTH // STRIDE
LICENCE = "research only, as the pictures that it learned from demand; the code is Apache-2.0"
DEAD_ZONES: dict[LookName, float] = {"smoke": 0.03, "depth": 0.03, "glow": 0.0004}
"""Opacity up to which a picture comes back as it was; from twice of it on all haze that is seen is taken away."""


class VeilMaps(nn.Module):
    """Thumbnail Y'CbCr of BT.709 (n, 3, 192, 256) to haze maps (n, 5, 24, 32) and density (n,), by a veil estimator.

    What is black around a picture is shown to the estimator in the picture's mean colour.
    """

    def __init__(self, estimator: VeilEstimator) -> None:
        super().__init__()
        self.estimator = estimator
        self.dead_zone = DEAD_ZONES[estimator.look]
        self.only_adds_light = estimator.look == "glow"
        self.pooled = THUMBNAIL_HEIGHT // estimator.small_side
        self.to_rgb: Tensor
        self.to_ycbcr: Tensor
        self.register_buffer("to_rgb", _convolution(ycbcr_to_rgb(1)), persistent=False)
        self.register_buffer("to_ycbcr", _convolution(rgb_to_ycbcr(1)), persistent=False)

    def forward(self, thumbnail: Tensor) -> tuple[Tensor, Tensor]:
        """Haze maps and density, as exported."""
        inside = self._inside(thumbnail)
        rgb = F.conv2d(thumbnail, self.to_rgb).clamp(0.0, 1.0)
        mean = (inside * rgb).sum((2, 3), keepdim=True) / (inside.sum((2, 3), keepdim=True) + 1.0)
        shown = inside * rgb + (1.0 - inside) * mean
        transmission, airlight = self.estimator.fields(F.avg_pool2d(shown, self.pooled))
        cells = F.interpolate(torch.cat([transmission, airlight], 1), GRID, mode="bilinear", align_corners=False)
        seen = 1.0 - cells[:, :1]
        opacity = (seen * (seen / self.dead_zone - 1.0).clamp(0.0, 1.0)).clamp(max=1.0 - T_MIN)
        light = F.conv2d(cells[:, 1:], self.to_ycbcr)
        maps = maps_of(torch.cat([opacity, opacity], 1), light)
        haze = opacity * light[:, :1] if self.only_adds_light else opacity
        return maps, mean_inside(haze, F.avg_pool2d(inside, STRIDE)).clamp(0.0, 1.0)

    def _inside(self, thumbnail: Tensor) -> Tensor:
        """1 where the picture is: rows and columns of the canvas in which anything is not black."""
        lit = (thumbnail[:, :1] > BLACK / 4).float()
        return lit.amax(2, keepdim=True) * lit.amax(3, keepdim=True)


def _convolution(matrix: Tensor) -> Tensor:
    """As weights whose memory lies in order: torch.export warns of others."""
    return matrix[:, :, None, None].clone(memory_format=torch.contiguous_format)


def main(teacher: Path, out: Path, *, name: str = "student", licence: str = LICENCE) -> None:
    """Export a teacher of the form veil, or a haze operator's companion, as a student for ``--weights``.

    Args:
        teacher: teacher.safetensors of training.eid.train_teacher --form veil, or haze.safetensors.
        out: Folder for student.onnx, student.pt2 and their card.
        name: What marks, tags and logs call it.
        licence: Under which terms the weights may be used.
    """
    estimator = _estimator_of(load_network(teacher), teacher)
    made_by: dict[str, Any] = load_checkpoint(teacher)[1]
    card = export_student(VeilMaps(estimator).eval(), made_by, out, looks=1 if estimator.is_upright else 2)
    card = replace(card, name=name, licence=licence, only_adds_light=estimator.look == "glow")
    card.save(out / CARD_FILE)
    print(f"Wrote {name} {card.version} into {out}: SHA-256 {card.student_sha256[:12]}")


def _estimator_of(network: nn.Module, path: Path) -> VeilEstimator:
    if isinstance(network, VeilTeacher):
        return network.estimator
    companion = network.haze.companion if isinstance(network, Companion) else None
    if isinstance(companion, VeilEstimator):
        return companion
    raise ConfigError(f"{path} answers pictures and no veils: train a teacher with --form veil.")


if __name__ == "__main__":
    run_command(main)
