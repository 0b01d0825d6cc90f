"""How much smoke lies between what is seen and what is remembered: the likeliest opacity of each cell.

Scattering turns a clear colour J into I = J t + A (1 - t) (He et al. 2009, eq. 1) and takes as much of the detail as of
the light. Of each opacity 1 - t it can be said how likely the colour and the detail behind it are, if the scene looks
as it is remembered; robustly (Student's t), for things come that were not there before. Smoke is smooth, so a
cell's neighbours have a say.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eid_stream.core.kernels import kernel
from eid_stream.dehazing.memory.cell_grid import smoothed, smoothed_inside
from eid_stream.dehazing.memory.remembered_scene import Expectation
from eid_stream.dehazing.memory.scene_statistics import COLUMNS, ROWS, SceneStatistics, average

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
MOST_AIRLIGHT = np.array([1.1, 0.12, 0.12], np.float32)[:, None, None]


AIRLIGHT_DOUBT = 1.0
"""Variance of what smoke adds, in those of what a scene holds: how little colours seen through smoke tell."""


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
    misfit: float
    """How far the cleared cells are from what is remembered: about 0.3 within a clear scene, 1 in another one."""


def fit_smoke(view: SceneStatistics, expected: Expectation, airlight: Array) -> SmokeFit:
    """The likeliest smoke, given the airlight of the moment before; answers with an airlight that fits better."""
    likelihood = _log_likelihoods(
        view.mean,
        view.log_detail,
        expected.mean,
        expected.precision,
        expected.log_detail,
        expected.log_detail_variance,
        airlight,
        OPACITIES,
    )
    here = smoothed_inside(likelihood, view.content, NEAREST)
    likelihood = smoothed_inside(likelihood, view.content, SMOOTHNESS)
    opacity = _likeliest(likelihood, OPACITIES[-1]) * np.minimum(view.content * np.float32(4.0), np.float32(1.0))
    gain = likelihood.max(0) - likelihood[0]
    opacity_here, gain_here = _likeliest(here, OPACITIES[-1]), here.max(0) - here[0]
    told, misfit = _airlight(view, expected, opacity), _misfit(view, expected, opacity, airlight)
    return SmokeFit(opacity, told, gain, opacity_here, gain_here, misfit)


@kernel()
def _log_likelihoods(
    mean: Array,
    log_detail: Array,
    expected: Array,
    precision: Array,
    expected_detail: Array,
    detail_variance: Array,
    airlight: Array,
    opacities: Array,
) -> Array:
    """(opacities, rows, columns). The cube of t is what haze narrows a distribution of three colours by."""
    rows, columns = log_detail.shape
    result = np.empty((len(opacities), rows, columns), np.float32)
    for k in range(len(opacities)):
        opacity = opacities[k]
        gain = np.float32(1.0) / (np.float32(1.0) - opacity)
        log_t = -np.log(gain)
        for y in range(rows):
            for x in range(columns):
                p = precision[:, y, x]
                a = (mean[0, y, x] - airlight[0, y, x] * opacity) * gain - expected[0, y, x]
                b = (mean[1, y, x] - airlight[1, y, x] * opacity) * gain - expected[1, y, x]
                c = (mean[2, y, x] - airlight[2, y, x] * opacity) * gain - expected[2, y, x]
                q = a * (p[0] * a + 2 * p[1] * b + 2 * p[2] * c) + b * (p[3] * b + 2 * p[4] * c) + p[5] * c * c
                d = log_detail[y, x] - log_t - expected_detail[y, x]
                # The logarithms of (1 + far / 4) ** 7 and ** 5 in one, with FREEDOM + 3 and FREEDOM + 1 for exponents.
                colour, detail = 1.0 + q / FREEDOM, 1.0 + d * d / (detail_variance[y, x] * FREEDOM)
                squared, twice = colour * colour, detail * detail
                far = np.log(squared * squared * squared * colour * twice * twice * detail)
                result[k, y, x] = -0.5 * far - 3.0 * log_t - PRICE * opacity
    return result


@kernel()
def _likeliest(likelihood: Array, most: np.float32) -> Array:
    """The opacity of the maximum, between the steps by a parabola."""
    steps, rows, columns = likelihood.shape
    result = np.empty((rows, columns), np.float32)
    for y in range(rows):
        for x in range(columns):
            best = 0
            for k in range(1, steps):
                if likelihood[k, y, x] > likelihood[best, y, x]:
                    best = k
            middle = min(max(best, 1), steps - 2)
            below, at, above = likelihood[middle - 1, y, x], likelihood[middle, y, x], likelihood[middle + 1, y, x]
            bend = min(below - 2.0 * at + above, -1e-6)
            place = middle + min(max(0.5 * (below - above) / bend, -1.0), 1.0)
            share = min(max(place, 0.0), steps - 1.0) / (steps - 1.0)
            result[y, x] = np.float32(share * share) * most
    return result


def _airlight(view: SceneStatistics, expected: Expectation, opacity: Array) -> Array:
    """Least squares over the cells: what is seen less what comes through of the remembered scene is airlight."""
    weight = view.content * opacity
    added = view.mean - (np.float32(1.0) - opacity) * expected.mean
    told = (weight * added).sum((1, 2), keepdims=True) + np.float32(CERTAINTY) * USUAL_AIRLIGHT
    whole = told / ((weight * opacity).sum() + np.float32(CERTAINTY))
    told = smoothed(weight * added, AIRLIGHT_REGION) + np.float32(REGION_CERTAINTY) * whole
    airlight = told / (smoothed(weight * opacity, AIRLIGHT_REGION) + np.float32(REGION_CERTAINTY))
    return np.asarray(np.clip(airlight, LEAST_AIRLIGHT, MOST_AIRLIGHT), np.float32)


def _misfit(view: SceneStatistics, expected: Expectation, opacity: Array, airlight: Array) -> float:
    """Of the colours that are seen, not of those behind: through dense smoke anything may be."""
    remembered = expected.region or expected
    passing = np.float32(1.0) - opacity
    difference = view.mean - airlight * opacity - passing * remembered.mean
    shrink = passing**2 / (passing**2 + np.float32(AIRLIGHT_DOUBT) * opacity**2)
    a, b, c = difference / passing
    p = remembered.precision
    q = a * (p[0] * a + 2 * p[1] * b + 2 * p[2] * c) + b * (p[3] * b + 2 * p[4] * c) + p[5] * c * c
    return average(np.log1p(np.maximum(q * shrink, 0.0) / np.float32(FREEDOM)), view.content)
