"""What the memory's network is shown of a moment: the view, what is expected of it, and what explains the rest."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eid_stream.core.box_means import box_means
from eid_stream.core.haze_maps import GAIN_LUMA
from eid_stream.dehazing.memory.clear_views import Recalled
from eid_stream.dehazing.memory.remembered_scene import Expectation
from eid_stream.dehazing.memory.scene_statistics import COLUMNS, ROWS, SceneStatistics, average, least_of_rgb
from eid_stream.dehazing.memory.smoke_fit import SmokeFit

Array = NDArray[np.float32]
CHANNELS = 58
REGISTERED = slice(35, 41)
"""The channels of ``_where_it_was``."""
MOST = 5.0
"""Deviations that a sign approaches, however strong."""
LEAST_CHANGE = (0.008, 0.003)
"""Deviation of luma and of chroma of a cell that noise alone makes."""
LEAST_WHOLE_CHANGE = (0.01, 0.003, 0.003, 0.01, 0.01, 0.015, 0.008)
"""The same of ``SceneStatistics.whole``."""
_COLOUR_SCALE = np.array([3.0, 10.0, 10.0], np.float32)[:, None, None]
CHANGE_SCALE = np.array([5.0, 20.0, 20.0], np.float32)[:, None, None]
_MIDDLE = np.array([0.4, 0.0, 0.0], np.float32)[:, None, None]
_WHOLE_SCALE = np.array([5.0, 20.0, 20.0, 2.0, 2.0, 2.0, 2.0])


def maps_by_cell(values: Array) -> Array:
    """An engine's maps (5, h, w) in the memory's cells, (5, ROWS, COLUMNS)."""
    return box_means(values, ROWS, COLUMNS) if values.shape[1:] != (ROWS, COLUMNS) else values


def network_input(view: SceneStatistics, expected: Expectation, fit: SmokeFit, engine: Array) -> Array:
    """(CHANNELS, ROWS, COLUMNS), each of the order of 1.

    ``engine``: its maps by cell.
    """
    luma = np.sqrt(1.0 / expected.precision[0] + np.float32(LEAST_CHANGE[0] ** 2))
    chroma = np.sqrt(1.0 / expected.precision[5] + np.float32(LEAST_CHANGE[1] ** 2))
    detail = np.sqrt(expected.log_detail_variance)
    seen = np.maximum(1.0 - 1.0 / engine[GAIN_LUMA], 0.0)
    cleared = engine[[0, 2, 2]] * view.mean + engine[[1, 3, 4]]
    x = np.empty((CHANNELS, ROWS, COLUMNS), np.float32)
    x[0:3] = (view.mean - _MIDDLE) * _COLOUR_SCALE
    x[3] = view.log_detail + 3.0
    x[4] = view.content
    x[5] = 3.0 * least_of_rgb(view.mean)
    x[6] = 0.5 * np.log(view.variance[1] + view.variance[2] + 2e-5) + 4.0
    x[7:10] = (expected.mean - _MIDDLE) * _COLOUR_SCALE
    x[10] = expected.log_detail + 3.0
    x[11:14] = (view.mean - expected.mean) * CHANGE_SCALE
    x[14] = 2.0 * (view.log_detail - expected.log_detail)
    x[15] = _bounded((least_of_rgb(view.mean) - least_of_rgb(expected.mean)) / luma)
    x[16] = _bounded((np.hypot(*expected.mean[1:]) - np.hypot(*view.mean[1:])) / chroma)
    x[17] = _bounded((view.mean[0] - expected.mean[0]) / luma)
    x[18] = _bounded((expected.log_detail - view.log_detail) / detail)
    x[19] = np.log(luma) + 3.0
    x[20] = np.log(detail) + 1.0
    x[21] = 3.0 * fit.opacity
    x[22:25] = (fit.airlight - np.array([0.7, 0.0, 0.0], np.float32)[:, None, None]) * _COLOUR_SCALE
    x[25] = np.tanh(2.0 * fit.gain)
    x[26] = 3.0 * fit.opacity_here
    x[27] = np.tanh(fit.gain_here)
    x[28] = 3.0 * seen
    x[29:32] = (cleared - view.mean) * CHANGE_SCALE
    x[32:35] = (cleared - expected.mean) * CHANGE_SCALE
    x[REGISTERED] = _where_it_was(view, expected.recalled)
    now, then = view.whole(), expected.whole
    deviations = (now - then) / np.sqrt(expected.whole_variance + np.square(LEAST_WHOLE_CHANGE))
    whole = [
        *_bounded(deviations),
        *((now - then) * _WHOLE_SCALE),
        expected.likeness,
        5.0 * (average(seen, view.content) - expected.seen),
        5.0 * (average(fit.opacity, view.content) - expected.opacity),
    ]
    x[REGISTERED.stop :] = np.array(whole, np.float32)[:, None, None]
    return x


def _where_it_was(view: SceneStatistics, recalled: Recalled | None) -> Array:
    """(6, ROWS, COLUMNS): what a clear view shows of the same places, against what is seen, and how sure that is."""
    x = np.zeros((6, ROWS, COLUMNS), np.float32)
    if recalled is not None:
        moved = recalled.moved
        sure = np.maximum(recalled.agreement, np.float32(0.0)) * moved.content
        x[0:3] = (view.mean - moved.mean) * CHANGE_SCALE * moved.content
        x[3] = 2.0 * (view.log_detail - moved.log_detail) * moved.content
        x[4], x[5] = moved.content, 2.0 * sure
    return x


def _bounded(deviations: NDArray[np.floating[Any]]) -> Array:
    return np.asarray(MOST * np.tanh(deviations / MOST), np.float32)
