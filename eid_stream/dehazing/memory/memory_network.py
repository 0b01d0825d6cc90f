"""The network of the memory: where there is smoke, how much, in which light, by what is seen and what is remembered.

Some 70,000 weights over cells of the thumbnail: half a millisecond. ``training.memory.learn_memory``
makes them, from clear frames of many cameras, rendered smoke and histories of the same scene and of another one.
It answers with numbers of the scattering model, all bounded; below a first sureness of smoke nothing is done at all.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from eid_stream.core.errors import EngineLoadError, reason_of
from eid_stream.core.haze_maps import OFFSET_CB, HazeMaps
from eid_stream.core.kernels.choice import loops
from eid_stream.dehazing.memory.cell_grid import on_grid
from eid_stream.dehazing.memory.map_arithmetic import one_after_the_other, weakened
from eid_stream.dehazing.memory.network_input import CHANNELS
from eid_stream.dehazing.memory.scene_statistics import COLUMNS, ROWS, SceneStatistics, average

Array = NDArray[np.float32]
CELL_ANSWERS, WHOLE_ANSWERS = 9, 6
PARTS = 2
"""In how many parts the cells are convolved: OpenBLAS gives products beyond 4 x 65,536 multiplications to threads,
which spin while they wait."""
SURE = (0.15, 0.6)
"""Probability of smoke up to which nothing is done, and from which all of it."""
MOST_OPACITY = 0.8
MORE_CHROMA = 0.4
"""By how much chroma may be covered more, or less, than luma."""
AIRLIGHT = (0.7, 0.0, 0.0)
AIRLIGHT_REACH = (0.55, 0.15, 0.15)
"""Y'CbCr, and how far it may be from that."""
SOMEWHERE = 0.03
"""Mean sureness of smoke over the picture from which its light and colour are led back, too."""
WITHIN = 4.0
"""One over the share of content from which a cell gets colour: the black around an endoscope's picture stays black."""
WHOLE_REACH = (0.15, 0.03, 0.03, 0.4, 0.4)
"""The most that leading back may add to the mean of Y', Cb, Cr, and to the logarithms of contrast."""


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What is to be done about the smoke."""

    sure: Array
    """(ROWS, COLUMNS) in [0, 1]: that there is smoke at all."""
    engine_share: Array
    """(ROWS, COLUMNS) in [0, 1]: of the opacity that the engine sees, to be taken away first."""
    opacity: Array
    """(2, ROWS, COLUMNS) in [0, 0.8]: what is left then, of luma and of chroma."""
    airlight: Array
    """(3, ROWS, COLUMNS), Y'CbCr."""
    recalled: Array
    """(2, ROWS, COLUMNS) in [0, 1]: how far luma and chroma are led to those that a clear view shows of the place."""
    whole: NDArray[np.float64]
    """(5,): what is added to the whole picture's mean of Y', Cb, Cr, and to the logarithms of its contrasts."""
    foreign: float
    """Probability that what is remembered is another scene."""

    def maps(self, engine: Array, view: SceneStatistics, past: SceneStatistics | None) -> Array:
        """Maps (5, h, w) of the engine's grid that do all this to a view.

        ``past``: the clear view, moved to lie over this one, if there is one.
        """
        grid = engine.shape[1], engine.shape[2]
        first = weakened(engine, on_grid(self.engine_share, grid))
        gain = np.float32(1.0) / (np.float32(1.0) - on_grid(self.opacity, grid))
        gain, airlight = gain[[0, 1, 1]], on_grid(self.airlight, grid)
        offset = airlight * (np.float32(1.0) - gain)
        second = np.stack([gain[0], offset[0], gain[1], offset[1], offset[2]])
        values = one_after_the_other(first, second)
        if past is not None:
            values[[1, 3, 4]] += on_grid(self._recall(values, view, past), grid)
        if self.whole.any():
            values = one_after_the_other(values, self._led_back(values, view))
        values[[OFFSET_CB, OFFSET_CB + 1]] *= on_grid(np.minimum(WITHIN * view.content, np.float32(1.0)), grid)
        return values

    def _recall(self, values: Array, view: SceneStatistics, past: SceneStatistics) -> Array:
        return (
            self.recalled[[0, 1, 1]]
            * past.content
            * (past.mean - view.with_corrected_moments(HazeMaps(values, 0.0)).mean)
        )

    def _led_back(self, values: Array, view: SceneStatistics) -> Array:
        middle = view.with_corrected_moments(HazeMaps(values, 0.0)).light()[:3]
        gains = np.exp(self.whole[3:])[[0, 1, 1]]
        offsets = middle + self.whole[:3] - gains * middle
        last = np.array([gains[0], offsets[0], gains[1], offsets[1], offsets[2]], np.float32)
        return np.broadcast_to(last[:, None, None], values.shape)


class MemoryNetwork:
    """Its weights, and what it answers."""

    def __init__(self, arrays: dict[str, Array]) -> None:
        self._first = arrays["first.weight"].reshape(-1, CHANNELS), arrays["first.bias"][:, None]
        self._layers: list[tuple[Array, Array, Array, int]] = []
        while f"layers.{len(self._layers)}.weight" in arrays:
            number = len(self._layers)
            weight = arrays[f"layers.{number}.weight"]
            taps = np.ascontiguousarray(weight.reshape(*weight.shape[:2], 9))
            bias = arrays[f"pooled.{number}.bias"] + arrays[f"layers.{number}.bias"]
            self._layers.append((taps, arrays[f"pooled.{number}.weight"], bias, int(arrays["dilations"][number])))
        self._cells = arrays["cells.weight"].reshape(CELL_ANSWERS, -1), arrays["cells.bias"][:, None]
        self._whole = arrays["whole.weight"], arrays["whole.bias"]

    def answer(self, shown: Array, content: Array) -> Answer:
        """Answer to what ``network_input`` makes of a moment; ``content`` (ROWS, COLUMNS)."""
        share = (content / max(float(content.sum()), 1e-3)).reshape(-1)
        parts = np.split(shown.reshape(CHANNELS, -1), PARTS, axis=1)
        h = np.concatenate([self._first[0] @ part for part in parts], axis=1) + self._first[1]
        h = np.maximum(h, np.float32(0.0))
        for taps, weight, bias, dilation in self._layers:
            added = weight @ (h @ share) + bias
            h = loops().layer(h.reshape(-1, ROWS, COLUMNS), taps, added, dilation).reshape(h.shape)
        cells = (self._cells[0] @ h + self._cells[1]).reshape(CELL_ANSWERS, ROWS, COLUMNS)
        return _understood(cells, self._whole[0] @ (h @ share) + self._whole[1], content)


@cache
def learned_network() -> MemoryNetwork:
    """The one that comes with the package.

    Raises:
        EngineLoadError: its file is missing or damaged.
    """
    path = files("eid_stream").joinpath("weights", "scene_memory.npz")
    try:
        return read_network(path.read_bytes())
    except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
        raise EngineLoadError(f"{path} cannot be read: {reason_of(error)}. Install eid-stream again.") from error


def read_network(content: bytes) -> MemoryNetwork:
    """One of a file's content, NumPy's .npz; nothing in it is run."""
    with np.load(BytesIO(content), allow_pickle=False) as arrays:
        return MemoryNetwork({name: arrays[name] for name in arrays.files})


def _understood(cells: Array, whole: Array, content: Array) -> Answer:
    sure = np.clip((_sigmoid(cells[0]) - SURE[0]) / (SURE[1] - SURE[0]), 0.0, 1.0).astype(np.float32)
    opacity = sure * np.float32(MOST_OPACITY) * _sigmoid(cells[2] - 1.0)
    grey = np.clip(opacity + sure * np.float32(MORE_CHROMA) * np.tanh(cells[3]), 0.0, MOST_OPACITY)
    airlight = np.array(AIRLIGHT, np.float32)[:, None, None] + np.array(AIRLIGHT_REACH, np.float32)[
        :, None, None
    ] * np.tanh(cells[4:7])
    somewhere = -np.expm1(-average(sure, content) / SOMEWHERE)
    step = somewhere * np.tanh(whole[:5].astype(np.float64)) * np.array(WHOLE_REACH)
    both = np.stack([opacity, grey]).astype(np.float32)
    return Answer(
        sure,
        sure * _sigmoid(cells[1]),
        both,
        airlight.astype(np.float32),
        sure * _sigmoid(cells[7:9]),
        step,
        float(_sigmoid(whole[5])),
    )


def _sigmoid(x: Array) -> Array:
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * x), np.float32)
