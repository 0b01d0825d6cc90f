"""Where there is smoke: signs of it in each cell, weighed by what real operations and rendered smoke taught.

A sign is a change against what the view is expected to look like when it is clear, in deviations of that expectation:
smoke makes a place brighter and greyer, takes its detail, and is explained by scattering (``SmokeFit.gain``). What a
camera that moves changes by itself is what the weights were learned against, and how sure the signs have to be
depends on how much like the present view the remembered one is: the bar is the same share of false alarms for each.
``training.memory.learn_signs`` makes the weights.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eid_stream.dehazing.memory.cell_grid import smoothed_inside
from eid_stream.dehazing.memory.remembered_scene import Expectation
from eid_stream.dehazing.memory.scene_statistics import COLUMNS, ROWS, SceneStatistics, average, least_of_rgb
from eid_stream.dehazing.memory.smoke_fit import SmokeFit

Array = NDArray[np.float32]
NAMES = (
    "least_of_rgb",
    "chroma_lost",
    "luma",
    "detail_lost",
    "explained",
    "clearly_explained",
    "seen",
    "whole_least_of_rgb",
    "whole_chroma_lost",
    "whole_luma",
    "whole_detail_lost",
    "whole_luma_contrast",
    "whole_chroma_contrast",
    "whole_relative_detail",
    "whole_dark",
    "whole_opacity",
    "explained_here",
    "clearly_explained_here",
    "opacity_here",
)
"""Of the signs. Those that begin with *whole* are the same for all cells."""
REACH = 1.5
"""Deviation in cells of the neighbourhood whose signs count for a cell."""
MOST = 3.0
"""Deviations that a sign approaches, however strong."""
LEAST_CHANGE = (0.008, 0.003)
"""Deviation of luma and of chroma of a cell that noise alone makes."""
LEAST_WHOLE_CHANGE = (0.01, 0.01, 0.015, 0.008)
"""The same of ``SceneStatistics.whole``, from the contrast of luma on."""
SURE = 1.5
"""Above the bar by so much (a logarithm of odds), smoke is believed wholly."""


@dataclass(frozen=True, slots=True, eq=False)
class Weighing:
    """One way to weigh the signs: of haze that lies over much of the picture, or of a puff."""

    weights: Array
    """(signs,)."""
    bias: float
    likeness: Array
    """Rising, in [0, 1]."""
    bar: Array
    """Logarithm of odds, for each likeness, that clear cells stay below but for one in a hundred."""

    def odds(self, found: Array) -> Array:
        """Logarithm of odds that there is smoke, (ROWS, COLUMNS), of signs."""
        return np.asarray(np.tensordot(self.weights, found, axes=1) + np.float32(self.bias), np.float32)

    def above(self, found: Array, likeness: float) -> Array:
        """By how much they are above the bar."""
        return self.odds(found) - np.float32(np.interp(likeness, self.likeness, self.bar))


@cache
def learned_weighings() -> tuple[Weighing, ...]:
    """Those that come with the package."""
    content = json.loads(files("eid_stream").joinpath("weights", "smoke_signs.json").read_text(encoding="utf-8"))
    return tuple(_weighing(each) for each in content["weighings"].values())


def _weighing(content: dict[str, Any]) -> Weighing:
    weights = np.array([content["weights"].get(name, 0.0) for name in NAMES], np.float32)
    likeness, bar = np.array(content["bar"], np.float32).T
    return Weighing(weights, float(content["bias"]), likeness, bar)


def evidence(view: SceneStatistics, expected: Expectation, fit: SmokeFit, seen: Array) -> Array:
    """(ROWS, COLUMNS) in [0, 1]: how sure it is that there is smoke. ``seen``: opacity that the engine sees."""
    found = signs(view, expected, fit, seen)
    above = np.max([each.above(found, expected.likeness) for each in learned_weighings()], axis=0)
    share = np.clip(above / np.float32(SURE), 0.0, 1.0) * np.minimum(np.float32(4.0) * view.content, np.float32(1.0))
    return np.asarray(share * share * (3.0 - 2.0 * share), np.float32)


def signs(view: SceneStatistics, expected: Expectation, fit: SmokeFit, seen: Array) -> Array:
    """(len(NAMES), ROWS, COLUMNS), in the order of ``NAMES``."""
    luma = np.sqrt(1.0 / expected.precision[0] + np.float32(LEAST_CHANGE[0] ** 2))
    chroma = np.sqrt(1.0 / expected.precision[5] + np.float32(LEAST_CHANGE[1] ** 2))
    local = _bounded(
        np.stack(
            [
                (least_of_rgb(view.mean) - least_of_rgb(expected.mean)) / luma,
                (np.hypot(*expected.mean[1:]) - np.hypot(*view.mean[1:])) / chroma,
                (view.mean[0] - expected.mean[0]) / luma,
                (expected.log_detail - view.log_detail) / np.sqrt(expected.log_detail_variance),
            ]
        )
    )
    content = max(float(view.content.sum()), 1e-3)
    means = (local * view.content).sum((1, 2)) / content
    change = view.whole()[3:] - expected.whole[3:]
    whole = _bounded(change / np.sqrt(expected.whole_variance[3:] + np.square(LEAST_WHOLE_CHANGE)))
    opacity = np.tanh(10.0 * (average(fit.opacity, view.content) - expected.opacity))
    result = np.empty((len(NAMES), ROWS, COLUMNS), np.float32)
    result[:4] = smoothed_inside(local, view.content, REACH)
    result[4], result[5] = np.tanh(2.0 * fit.gain), fit.gain
    result[6] = np.tanh(8.0 * (seen - np.float32(expected.seen)))
    result[7:16] = np.array([*means, *whole, opacity], np.float32)[:, None, None]
    result[16], result[17] = np.tanh(fit.gain_here), np.log1p(fit.gain_here)
    result[18] = np.tanh(8.0 * fit.opacity_here)
    return result


def _bounded(deviations: NDArray[np.floating[Any]]) -> Array:
    return np.asarray(MOST * np.tanh(deviations / MOST), np.float32)
