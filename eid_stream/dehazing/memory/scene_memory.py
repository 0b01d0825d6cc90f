"""A memory of the scene: from one pale picture nobody can tell smoke from a pale scene, but a video has a clear past.

What the scene looks like when it is clear decides per frame how much of what the engine sees is smoke, what smoke it
overlooks, and what colours and contrast come back. Where nothing tells of smoke, nothing is done.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.thumbnail import Thumbnail
from eid_stream.dehazing.memory.believed_view import as_believed, ramp
from eid_stream.dehazing.memory.cell_grid import on_grid
from eid_stream.dehazing.memory.foresight import Foresight
from eid_stream.dehazing.memory.map_arithmetic import bounded, identity, one_after_the_other, scattering, weakened
from eid_stream.dehazing.memory.remembered_scene import Expectation, RememberedScene
from eid_stream.dehazing.memory.scene_statistics import COLUMNS, ROWS, SceneStatistics, average, measure, opacity_seen
from eid_stream.dehazing.memory.smoke_fit import USUAL_AIRLIGHT, SmokeFit, fit_smoke
from eid_stream.dehazing.memory.smoke_signs import evidence

Array = NDArray[np.float32]
Numbers = NDArray[np.float64]
LATEST_SECONDS = 12.0
"""Time constant, in seconds of clear sight, with which older views fade."""
CLEARER_SECONDS = 1.0
"""The same while the scene is clearer than ever remembered: what was remembered was haze."""
SAMPLE_SECONDS = 0.2
"""A view is remembered so often."""
ENOUGH_SECONDS = (0.3, 1.0)
"""Seconds of clear sight from which a memory is trusted a little, and wholly."""
OLD_SECONDS = (60.0, 180.0)
"""Age of the latest clear view up to which a memory is trusted, and from which it is not."""
FOREIGN = (0.6, 0.95)
"""Misfit (``SmokeFit``) up to which a memory is trusted, and from which it is another scene's."""
FOREIGN_SECONDS = 2.0
"""A scene that is another one's for so long is remembered anew."""
ENGINE_SHARE = 0.7
"""Share of the opacity that the engine sees which is taken away before the past tells what is left."""
SOMEWHERE = 0.03
"""Mean of what tells of smoke, over the picture, from which its light and colour are led back, too."""
BELIEF = 6.0
"""Degrees of freedom of Student's t: how far what is lacking may be beyond the usual before it has another cause."""
MOST_CONTRAST = 1.6
"""The most that this leading back may multiply contrast or saturation by."""
DOUBT = (0.03, 0.01, 0.01, 0.15, 0.15)
"""Deviation of what the fit leaves wrong in the whole picture (``SceneStatistics.whole``)."""
DOUBT_SHARE = (0.7, 8.0)
"""How much of that where there is hardly any smoke, and how much more with the mean opacity."""
CALM_SECONDS = 0.4
"""Time constant of the maps that come of a memory, and of what is thought of the smoke."""
AIRLIGHT_SECONDS = 0.5
STEP_SECONDS = 0.6
"""Time constant of the light and colour of the whole picture: what moves through it must not make it pump."""


@dataclass(frozen=True, slots=True)
class MemoryState:
    """What may be told of a memory."""

    age_seconds: float
    """Since the latest clear view; 0 without any."""
    trust: float
    """In [0, 1]."""
    smoke: float
    """How sure it is of smoke, in [0, 1]."""

    def as_dict(self) -> dict[str, float]:
        """For JSON."""
        return {
            "age_seconds": round(self.age_seconds, 2),
            "trust": round(self.trust, 3),
            "smoke": round(self.smoke, 3),
        }


class SceneMemory:
    """Turns an engine's maps into those to be applied, by what the scene looked like while it was clear.

    Holds the state of one stream. Works on cells of the thumbnail alone, whatever engine there is.
    """

    def __init__(self, foresight: Foresight | None = None) -> None:
        """``foresight``, of a recording that was looked through, stands in where nothing is remembered yet."""
        self._foresight = foresight
        self.forget()

    def forget(self) -> None:
        """Start anew: another scene, another camera."""
        self._scene = RememberedScene()
        self._latest = self._now = self._sampled = -math.inf
        self._trust, self._foreign_seconds = 0.0, 0.0
        self._evidence = np.zeros((ROWS, COLUMNS), np.float32)
        self._airlights = [USUAL_AIRLIGHT, USUAL_AIRLIGHT]
        self._step = np.zeros(5)
        self._applied: Array | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Everything but the foresight, which is had again from the file."""
        return self.__dict__ | {"_foresight": None}

    def go_on_as(self, other: "SceneMemory") -> None:
        """Remember what another one did."""
        self.__dict__.update(other.__dict__ | {"_foresight": self._foresight})

    @property
    def state(self) -> MemoryState:
        """How old, how much trusted."""
        known = self._scene.seconds > 0.0
        return MemoryState(self._now - self._latest if known else 0.0, self._trust, self._smoke)

    @property
    def _smoke(self) -> float:
        """How sure it is that there is smoke anywhere, in [0, 1]."""
        return -math.expm1(-float(self._evidence.mean()) / SOMEWHERE)

    def improve(self, maps: HazeMaps, thumbnail: Thumbnail, seconds: float) -> HazeMaps:
        """The maps to be applied to a picture, over the same canvas, on the same grid.

        ``maps`` are the engine's for this thumbnail, ``seconds`` is its presentation time, which goes on from call to
        call but for pauses.
        """
        view, grid = measure(thumbnail), maps.grid
        elapsed = self._advance(seconds)
        seen = opacity_seen(maps)
        if self._now - self._latest > OLD_SECONDS[1] or self._foreign_seconds > FOREIGN_SECONDS:
            self._scene, self._trust, self._foreign_seconds = RememberedScene(), 0.0, 0.0
        if self._foresight is not None and self._knows_nothing():
            self._foresee(self._foresight)
        if self._scene.seconds == 0.0:
            believed = as_believed(view, maps)
            self._scene.add_believed(believed, seconds=SAMPLE_SECONDS, time_constant_seconds=LATEST_SECONDS)
            self._latest = self._sampled = seconds
            return HazeMaps(self._calmed(maps.values, elapsed), maps.density)
        expected = self._scene.expectation(view)
        fit = fit_smoke(view, expected, self._airlights[0])
        self._airlights[0] = self._airlights[0] + _share(elapsed, AIRLIGHT_SECONDS) * (
            fit.airlight - self._airlights[0]
        )
        self._judge(view, expected, fit, seen, elapsed)
        self._learn(view, expected, fit, seen, maps)
        wanted = self._correction(view, expected, maps.values, elapsed) if self._smoke > 0.0 else self._nothing(grid)
        wanted = maps.values + np.float32(self._trust) * (wanted - maps.values)
        return HazeMaps(self._calmed(wanted, elapsed), maps.density)

    def _nothing(self, grid: tuple[int, int]) -> Array:
        self._step = np.zeros(5)
        return identity(grid)

    def _knows_nothing(self) -> bool:
        return self._scene.seconds == 0.0 or self._now - self._latest > OLD_SECONDS[0]

    def _foresee(self, foresight: Foresight) -> None:
        scene = foresight.scene_at(self._now)
        if scene is not None:
            self._scene, self._latest, self._sampled = scene, self._now, self._now
            self._trust = 1.0

    def _advance(self, seconds: float) -> float:
        """Seconds since the moment before. Where time runs backwards, as after a seek, the memory keeps its age."""
        elapsed = seconds - self._now if math.isfinite(self._now) else 0.0
        if elapsed < 0.0:
            self._latest, self._sampled = self._latest + elapsed, self._sampled + elapsed
            self._applied = None
        self._now = seconds
        return max(0.0, elapsed)

    def _judge(self, view: SceneStatistics, expected: Expectation, fit: SmokeFit, seen: Array, elapsed: float) -> None:
        """Where is there smoke, and does the memory belong to this scene?"""
        found = evidence(view, expected, fit, seen)
        self._evidence = self._evidence + np.float32(_share(elapsed, CALM_SECONDS)) * (found - self._evidence)
        if not found.any() and float(self._evidence.max()) < 0.01:
            self._evidence = np.zeros_like(found)
        self._foreign_seconds = self._foreign_seconds + elapsed if fit.misfit > FOREIGN[1] else 0.0
        trust = ramp(self._scene.seconds, ENOUGH_SECONDS) * (1.0 - ramp(self._now - self._latest, OLD_SECONDS))
        trust *= 1.0 - ramp(fit.misfit, FOREIGN)
        self._trust += _share(elapsed, CALM_SECONDS) * (trust - self._trust)

    def _learn(self, view: SceneStatistics, expected: Expectation, fit: SmokeFit, seen: Array, maps: HazeMaps) -> None:
        """Remember this view if it is a clear one."""
        settled = self._scene.seconds > ENOUGH_SECONDS[1]
        if (settled and self._smoke > 0.05) or self._now - self._sampled < SAMPLE_SECONDS - 1e-6:
            return
        detail, dark = view.whole()[5:] - expected.whole[5:]
        clearer = dark < -0.07 and detail > 0.05
        time_constant = CLEARER_SECONDS if clearer else LATEST_SECONDS
        if settled:
            opacity, engine = average(fit.opacity, view.content), average(seen, view.content)
            self._scene.add(view, opacity, engine, seconds=SAMPLE_SECONDS, time_constant_seconds=time_constant)
        else:
            believed = as_believed(view, maps)
            self._scene.add_believed(believed, seconds=SAMPLE_SECONDS, time_constant_seconds=time_constant)
        self._latest = self._sampled = self._now

    def _correction(self, view: SceneStatistics, expected: Expectation, engine: Array, elapsed: float) -> Array:
        """What takes the smoke away: the engine's maps, what they leave, and the whole picture's light and colour."""
        grid = engine.shape[1], engine.shape[2]
        first = weakened(engine, np.float32(ENGINE_SHARE) * on_grid(self._evidence, grid))
        left = view.corrected(HazeMaps(first, 0.0))
        fit = fit_smoke(left, expected, self._airlights[1])
        self._airlights[1] = self._airlights[1] + _share(elapsed, AIRLIGHT_SECONDS) * (
            fit.airlight - self._airlights[1]
        )
        second = scattering(on_grid(self._evidence * fit.opacity, grid), on_grid(self._airlights[1], grid))
        values = one_after_the_other(first, second)
        light = view.corrected(HazeMaps(values, 0.0)).light()
        lacking, varies = expected.whole[:5] - light, expected.whole_variance[:5]
        step = _step_back(lacking, varies, average(self._evidence * fit.opacity, view.content))
        self._step = self._step + _share(elapsed, STEP_SECONDS) * (step - self._step)
        return _led_back(values, light[:3], self._smoke * self._step)

    def _calmed(self, wanted: Array, elapsed: float) -> Array:
        before = self._applied
        if before is None or before.shape != wanted.shape:
            self._applied = bounded(wanted)
        else:
            moved = before + _share(elapsed, CALM_SECONDS) * (wanted - before)
            near = self._smoke == 0.0 and float(np.abs(moved - wanted).max()) < 0.002
            self._applied = bounded(wanted if near else moved)
        return self._applied


def _step_back(lacking: Numbers, varies: Numbers, opacity: float) -> Numbers:
    """(5,), what mean and deviation of the whole corrected picture still lack to be those of the past.

    The less each of them varied in clear views, the more of it: what varies by itself says nothing of smoke. The less
    smoke, the less it leaves wrong. What is too far off for both has another cause (Student's t).
    """
    doubt = np.square(np.multiply(DOUBT, DOUBT_SHARE[0] + DOUBT_SHARE[1] * opacity))
    variance = doubt + varies
    far = float((np.square(lacking) / variance).sum())
    step = min(1.0, (BELIEF + 5.0) / (BELIEF + far)) * doubt / variance * lacking
    step[3:] = np.clip(step[3:], -math.log(MOST_CONTRAST), math.log(MOST_CONTRAST))
    return np.asarray(step, np.float64)


def _led_back(values: Array, found: NDArray[np.float64], step: NDArray[np.float64]) -> Array:
    """Maps that go on by a step (``_step_back``) where means (3,) were found."""
    gains = np.exp(step[3:])[[0, 1, 1]]
    offsets = found + step[:3] - gains * found
    last = np.array([gains[0], offsets[0], gains[1], offsets[1], offsets[2]], np.float32)
    return one_after_the_other(values, np.broadcast_to(last[:, None, None], values.shape))


def _share(elapsed: float, time_constant_seconds: float) -> float:
    return -math.expm1(-max(0.0, elapsed) / time_constant_seconds)
