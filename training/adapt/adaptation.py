"""Fine-tuning a student to a site: the recipe's terms, on the site's own frames, from the weights it had."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from lightning_fabric import Fabric

from training.data.drawn_scenes import draw_scenes
from training.data.frames import FrameRecord
from training.data.picture_cache import Picture, load_pictures
from training.data.views import plain_view
from training.eid.haze_operator import ScatteringHaze
from training.loop import run_steps
from training.network.student import Student
from training.smoke.smoky_view import smoky_view
from training.smoke.veil_bank import VeilBank
from training.student.batch import BatchMaker, BatchSizes
from training.student.learning import StudentLearning
from training.student.options import StudentOptions
from training.student.trained import load_student

REHEARSED = 48
"""Frames hazed by rendered smoke that stand in where a site has no real smoke to show."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AdaptOptions:
    """How far a student may move, and for how long it learns."""

    steps: int = 1200
    learning_rate: float = 5e-4
    """A sixth of the recipe's: what the student knows of other cameras must stay."""
    average_decay: float = 0.995
    veils: int = 300
    seed: int = 0

    def student_options(self, start: Path, shape: Any, eid: Path | None) -> StudentOptions:
        """As options of the recipe, whose terms and weights hold, but for where it begins."""
        return StudentOptions(
            steps=self.steps, learning_rate=self.learning_rate, average_decay=self.average_decay, veils=self.veils,
            seed=self.seed, eid=eid, start=start, shape=shape, sizes=BatchSizes(witnesses=0),
        )  # fmt: skip


def adapt(
    records: Sequence[FrameRecord],
    options: StudentOptions,
    haze: ScatteringHaze | None,
    out: Path,
    *,
    described: dict[str, Any],
    fabric: Fabric,
    stop_at: int | None = None,
) -> Student:
    """Fine-tune on the frames of the training split; writes ``out/adapted.safetensors``; a stopped run goes on.

    Without hazy frames rendered smoke stands in for them.
    """
    learned = [r for r in records if r.split == "train" and r.kind in ("clear", "hazy")]
    veils = VeilBank(count=options.veils, seed=options.seed)
    pictures = load_pictures(learned)
    if not any(p.kind == "hazy" for p in pictures):
        pictures += _rehearsed(pictures, veils, options.seed)
    maker = BatchMaker(pictures=[*pictures, *draw_scenes()], veils=veils, seed=options.seed)
    learning = StudentLearning(options, haze, fabric.device)
    run_steps("adapted", learning, _drawing(maker, options), out, fabric, described=described, stop_at=stop_at)
    return load_student(out / "adapted.safetensors")[0]


def _drawing(maker: BatchMaker, options: StudentOptions) -> Callable[[int], Any]:
    def draw(step: int) -> Any:
        if step < options.small_first * options.steps:
            return maker.draw(step, options.sizes.while_small(), shrink=2)
        return maker.draw(step, options.sizes)

    return draw


def _rehearsed(pictures: Sequence[Picture], veils: VeilBank, seed: int) -> list[Picture]:
    """Clear frames behind rendered smoke as if they were real ones: their truth is not told."""
    rng = np.random.default_rng([seed, 0x5A])
    clear = [p for p in pictures if p.kind == "clear"]
    made = []
    for number in range(REHEARSED):
        picture = clear[number % len(clear)]
        shown = smoky_view(plain_view(picture), veils.draw(rng, moments=1, shrink=1), rng)
        codes = np.rint(shown.hazy.transpose(1, 2, 0).clip(0, 1) * 255).astype(np.uint8)
        content = (shown.content[0] > 0).astype(np.uint8)
        height, width = content.shape
        made.append(Picture(codes, content, (0, 0, width, height), picture.source, "hazy"))
    return made
