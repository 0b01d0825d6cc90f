"""Are adapted weights better than those in use? Judged on frames kept aside; the decision is written in rules."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from eid_stream.core.interfaces import Engine
from training.adapt.engine_sight import cleared
from training.data.haze_score import haze_score
from training.data.picture_cache import Picture, make_picture
from training.student.validation import ValidationSet, make_validation_set, psnr

GAINED = 0.2
"""Decibels by which rendered smoke must come out better: less is no reason to change, unless real smoke does."""
CLEARER = 0.05
"""By how much less haze, by its score, must be left in hazy frames to be such a reason; rendered smoke no worse."""
CLEAR_MEDIAN, CLEAR_5TH = 46.0, 38.0
"""PSNR in dB of clear frames that is good enough; below it adapted weights must not be worse than those in use."""
LEFT = 0.02
"""By how much more haze, by its score, may be left in hazy frames."""
SEEN = 0.7
"""Share of the haze seen before that must still be seen: less is blindness."""
FLICKER = 1.05


@dataclass(frozen=True, slots=True)
class Figures:
    """How good an engine is on a site's frames."""

    smoke_gain: float
    """What correction gains on rendered smoke over clear frames, mean of all densities, in dB."""
    clear_median: float
    """PSNR of corrected clear frames, in dB, 60 where nothing changes."""
    clear_5th: float
    haze_left: float | None
    """Score of corrected hazy frames, in [0, 1]; None without hazy frames."""
    haze_seen: float | None
    """Density seen in hazy frames, in [0, 1]."""
    flicker: float | None
    """Change from frame to frame of corrected neighbours, over that of the frames themselves; None without any."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The figures of both, and why the adapted weights are refused; nothing in it means that they are better."""

    before: Figures
    after: Figures
    refused: tuple[str, ...]


class Judgement:
    """Frames kept aside, the same for every engine that is judged."""

    def __init__(self, pictures: Sequence[Picture], neighbours: Sequence[Picture] = ()) -> None:
        """``neighbours`` are frames of one recording in their order, close in time."""
        self.data: ValidationSet = make_validation_set(pictures)
        plain = make_validation_set(neighbours) if neighbours else None
        self._neighbours = None if plain is None else plain.clear

    def figures(self, engine: Engine) -> Figures:
        """Judge an engine.

        Raises:
            EngineRunError: it has no answer to a frame.
        """
        data = self.data
        gains = [
            psnr(cleared(engine, smoky)[0], data.clear, data.content) - psnr(smoky, data.clear, data.content)
            for smoky in data.smoky
        ]
        same = psnr(cleared(engine, data.clear)[0], data.clear, data.content)
        left, seen = self._haze(engine)
        return Figures(
            round(float(torch.cat(gains).mean()), 2),
            round(float(same.median()), 1),
            round(float(same.quantile(0.05)), 1),
            left,
            seen,
            self._flicker(engine),
        )

    def compare(self, before: Engine, after: Engine) -> Verdict:
        """Judge both and decide."""
        figures = self.figures(before), self.figures(after)
        return Verdict(*figures, tuple(reasons_against(*figures)))

    def _haze(self, engine: Engine) -> tuple[float | None, float | None]:
        if not len(self.data.hazy):
            return None, None
        corrected, seen = cleared(engine, self.data.hazy)
        scores = [haze_score(make_picture(rgb.permute(1, 2, 0).numpy())) for rgb in corrected]
        return round(float(np.mean(scores)), 3), round(float(seen.mean()), 3)

    def _flicker(self, engine: Engine) -> float | None:
        if self._neighbours is None or len(self._neighbours) < 2:
            return None
        return round(_change(cleared(engine, self._neighbours)[0]) / max(_change(self._neighbours), 1e-6), 3)


def reasons_against(before: Figures, after: Figures) -> list[str]:
    """Why adapted weights must not take the place of those in use, one clause each; empty if they may."""
    reasons = []
    if not _reason_to_change(before, after):
        reasons.append(
            f"rendered smoke gains {after.smoke_gain:.2f} dB with them and {before.smoke_gain:.2f} dB without: asked "
            f"for are {GAINED} dB more, or no less and a haze score of real smoke that is lower by {CLEARER}"
        )
    for name, limit, old, new in (
        ("median", CLEAR_MEDIAN, before.clear_median, after.clear_median),
        ("5th percentile", CLEAR_5TH, before.clear_5th, after.clear_5th),
    ):
        if new < min(limit, old):
            reasons.append(f"clear frames change more (PSNR, {name}: {new:.1f} dB for {old:.1f})")
    if None not in (before.haze_left, after.haze_left, before.haze_seen, after.haze_seen):
        assert before.haze_left is not None
        assert after.haze_left is not None
        assert before.haze_seen is not None
        assert after.haze_seen is not None
        if after.haze_left > before.haze_left + LEFT:
            reasons.append(f"more haze is left in real smoke (score {after.haze_left:.2f} for {before.haze_left:.2f})")
        if after.haze_seen < SEEN * before.haze_seen:
            reasons.append(f"less real smoke is seen (density {after.haze_seen:.2f} for {before.haze_seen:.2f})")
    if before.flicker is not None and after.flicker is not None and after.flicker > FLICKER * max(1.0, before.flicker):
        reasons.append(f"the picture flickers more ({after.flicker:.2f} for {before.flicker:.2f})")
    return reasons


def _reason_to_change(before: Figures, after: Figures) -> bool:
    """Whether rendered smoke comes out better, or real smoke does and rendered smoke no worse."""
    if after.smoke_gain >= before.smoke_gain + GAINED:
        return True
    if before.haze_left is None or after.haze_left is None or after.smoke_gain < before.smoke_gain:
        return False
    return after.haze_left <= before.haze_left - CLEARER


def _change(rgb: Tensor) -> float:
    """Mean absolute difference of neighbours per unit of contrast."""
    return float((rgb[1:] - rgb[:-1]).abs().mean() / (rgb.std() + 1e-6))
