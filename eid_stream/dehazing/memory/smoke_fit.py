"""How much smoke lies between what is seen and what is remembered: the likeliest opacity of each cell.

Scattering turns a clear colour J into I = J t + A (1 - t) (He et al. 2009, eq. 1) and takes as much of the detail as of
the light. Of each opacity 1 - t it can be said how likely the colour and the detail behind it are, if the scene looks
as it is remembered; robustly (Student's t), for things come that were not there before. Smoke is smooth, so a
cell's neighbours have a say.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eid_stream.core.kernels.choice import loops
from eid_stream.dehazing.memory.cell_grid import smoothed, smoothed_inside
from eid_stream.dehazing.memory.remembered_scene import Expectation
from eid_stream.dehazing.memory.scene_statistics import COLUMNS, ROWS, SceneStatistics

Array = NDArray[np.float32]
STEPS = 12
OPACITIES = np.square(np.linspace(0.0, 1.0, STEPS + 1, dtype=np.float32)) * np.float32(0.8)
"""1 - t from none to that of the least transmission that maps may claim; in finer steps where there is little."""
FREEDOM = 4.0
"""Degrees of freedom of Student's t: how little a cell is believed that nothing explains."""
PRICE = 0.5
"""Logarithm of likelihood that opacity 1 has to gain over none."""
SMOOTHNESS = 2.5
"""Deviation in cells of the neighbourhood that speaks for a cell."""
NEAREST = 1.0
"""The same for ``SmokeFit.opacity_here``."""
USUAL_AIRLIGHT = np.array([0.9, 0.0, 0.0], np.float32)[:, None, None] * np.ones((3, ROWS, COLUMNS), np.float32)
"""Y'CbCr, where smoke does not tell better."""
CERTAINTY = 2.0
"""Sum of opacities over the cells from which the smoke tells its airlight better than ``USUAL_AIRLIGHT`` does."""
LEAST_AIRLIGHT = np.array([0.3, -0.12, -0.12], np.float32)[:, None, None]
AIRLIGHT_REGION = 4.0
"""Deviation in cells of the region that tells a cell's airlight, beside the whole picture."""
REGION_CERTAINTY = 0.05
"""Mean of squared opacity in a region that tells its airlight better than the whole picture does."""
MOST_AIRLIGHT = np.array([1.3, 0.12, 0.12], np.float32)[:, None, None]


@dataclass(frozen=True, slots=True, eq=False)
class SmokeFit:
    """What explains the difference between present and past."""

    opacity: Array
    """(ROWS, COLUMNS) in [0, 0.8]."""
    airlight: Array
    """(3, ROWS, COLUMNS), Y'CbCr, very smooth: the scope's light falls off."""
    gain: Array
    """(ROWS, COLUMNS): logarithm of likelihood that this opacity gains over none."""
    opacity_here: Array
    """The same two by what the nearest cells alone say: puffs are small."""
    gain_here: Array


def fit_smoke(view: SceneStatistics, expected: Expectation, airlight: Array) -> SmokeFit:
    """The likeliest smoke, given the airlight of the moment before; answers with an airlight that fits better."""
    likelihood = loops().log_likelihoods(
        view.mean,
        view.log_detail,
        expected.mean,
        expected.precision,
        expected.log_detail,
        expected.log_detail_variance,
        airlight,
        OPACITIES,
        FREEDOM,
        PRICE,
    )
    here = smoothed_inside(likelihood, view.content, NEAREST)
    likelihood = smoothed_inside(likelihood, view.content, SMOOTHNESS)
    opacity = _likeliest(likelihood) * np.minimum(view.content * np.float32(4.0), np.float32(1.0))
    gain = likelihood.max(0) - likelihood[0]
    opacity_here, gain_here = _likeliest(here), here.max(0) - here[0]
    return SmokeFit(opacity, _airlight(view, expected, opacity), gain, opacity_here, gain_here)


def _likeliest(likelihood: Array) -> Array:
    return np.asarray(np.square(loops().likeliest(likelihood, 1.0 / STEPS)) * OPACITIES[-1], np.float32)


def _airlight(view: SceneStatistics, expected: Expectation, opacity: Array) -> Array:
    """Least squares over the cells: what is seen less what comes through of the remembered scene is airlight."""
    weight = view.content * opacity
    added = view.mean - (np.float32(1.0) - opacity) * expected.mean
    told = (weight * added).sum((1, 2), keepdims=True) + np.float32(CERTAINTY) * USUAL_AIRLIGHT
    whole = told / ((weight * opacity).sum() + np.float32(CERTAINTY))
    told = smoothed(weight * added, AIRLIGHT_REGION) + np.float32(REGION_CERTAINTY) * whole
    airlight = told / (smoothed(weight * opacity, AIRLIGHT_REGION) + np.float32(REGION_CERTAINTY))
    return np.asarray(np.clip(airlight, LEAST_AIRLIGHT, MOST_AIRLIGHT), np.float32)
