"""A memory of the scene: from one pale picture nobody can tell smoke from a pale scene, but a video has a clear past.

What the scene looks like when it is clear decides per frame how much of what the engine sees is smoke, what smoke it
overlooks, and what colours and contrast come back. Where nothing tells of smoke, nothing is done.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.thumbnail import Thumbnail
from eid_stream.dehazing.memory.believed_view import as_believed
from eid_stream.dehazing.memory.foresight import Foresight
from eid_stream.dehazing.memory.map_arithmetic import bounded
from eid_stream.dehazing.memory.memory_network import SOMEWHERE, Answer, learned_network
from eid_stream.dehazing.memory.network_input import maps_by_cell, network_input
from eid_stream.dehazing.memory.remembered_scene import Expectation, RememberedScene
from eid_stream.dehazing.memory.scene_statistics import SceneStatistics, average, measure, opacity_seen
from eid_stream.dehazing.memory.smoke_fit import USUAL_AIRLIGHT, SmokeFit, fit_smoke

Array = NDArray[np.float32]
LATEST_SECONDS = 12.0
"""Time constant, in seconds of clear sight, with which older views fade."""
CLEARER_SECONDS = 1.0
"""The same while the scene is clearer than ever remembered: what was remembered was haze."""
SAMPLE_SECONDS = 0.2
"""A view is remembered so often."""
ENOUGH_SECONDS = 0.5
"""Seconds of clear sight from which a memory is trusted; before, the engine is believed."""
OLD_SECONDS = 180.0
"""Age of the latest clear view from which it is not."""
FOREIGN = 0.8
"""Probability (``Answer.foreign``) from which a memory is another scene's."""
FOREIGN_SECONDS = 4.0
"""A scene that is another one's for so long is remembered anew."""
LEAST_CONTENT = 0.05
"""Share of a view that is not black from which it shows a scene: a lead-in or a covered lens is not remembered."""
CLEAR = 0.05
"""How sure it may be of smoke in a view that is remembered as a clear one."""
CALM_SECONDS = 0.2
"""Time constant of the maps."""
FASTEST = 60.0 / 255.0
"""The most by which the correction may change the picture's mean R, G or B within a second: nothing jumps."""
JUDGED_SECONDS = 0.45
"""Time constant of what is told of smoke and trust."""
AIRLIGHT_SECONDS = 0.5
STEP_SECONDS = 0.2
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
        """``foresight``, of a recording that was looked through, stands in where nothing is remembered yet.

        Raises:
            EngineLoadError: what was learned for it cannot be read.
        """
        learned_network()  # whatever is wrong with it is told before the first frame
        self._foresight = foresight
        self.forget()

    def forget(self) -> None:
        """Start anew: another scene, another camera."""
        self._scene = RememberedScene()
        self._latest = self._now = self._sampled = -math.inf
        self._foreign_seconds = self._smoke = self._trust = 0.0
        self._airlight = USUAL_AIRLIGHT
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
    def _known(self) -> bool:
        """Whether enough is remembered of this scene."""
        return self._scene.seconds >= ENOUGH_SECONDS

    def look_around(self, seconds: float, *, anew: bool) -> None:
        """See ahead of ``improve`` what it will lack, which may take a second: ``anew`` at another scene."""
        if self._foresight is not None and (anew or not self._known or self._is_outdated(seconds)):
            self._foresight.reach(seconds)

    def improve(self, maps: HazeMaps, thumbnail: Thumbnail, seconds: float) -> HazeMaps:
        """The maps to be applied to a picture, over the same canvas, on the same grid.

        ``maps`` are the engine's for this thumbnail, ``seconds`` is its presentation time, which goes on from call to
        call but for pauses.
        """
        view, elapsed = measure(thumbnail), self._advance(seconds)
        if self._is_outdated(self._now):
            self._scene, self._foreign_seconds = RememberedScene(), 0.0
        if self._foresight is not None and not self._known:
            self._foresee(self._foresight)
        if not self._known:
            self._remember(as_believed(view, maps))
            return HazeMaps(self._calmed(maps.values, view, elapsed), maps.density)
        expected = self._scene.expectation(view)
        fit = fit_smoke(view, expected, self._airlight)
        self._airlight = self._airlight + _share(elapsed, AIRLIGHT_SECONDS) * (fit.airlight - self._airlight)
        shown = network_input(view, expected, fit, maps_by_cell(maps.values))
        answer = learned_network().answer(shown, view.content)
        self._judge(view, answer, elapsed)
        self._learn(view, expected, fit, maps)
        self._step = self._step + _share(elapsed, STEP_SECONDS) * (answer.whole - self._step)
        past = None if expected.recalled is None else expected.recalled.moved
        wanted = replace(answer, whole=self._step).maps(maps.values, view, past)
        return HazeMaps(self._calmed(wanted, view, elapsed), maps.density)

    def _is_outdated(self, now: float) -> bool:
        """Whether what is remembered is too old, or of another scene."""
        return now - self._latest > OLD_SECONDS or self._foreign_seconds > FOREIGN_SECONDS

    def _foresee(self, foresight: Foresight) -> None:
        scene = foresight.scene_at(self._now)
        if scene is not None:
            self._scene, self._latest, self._sampled = scene, self._now, self._now

    def _advance(self, seconds: float) -> float:
        """Seconds since the moment before. Where time runs backwards, as after a seek, the memory keeps its age."""
        elapsed = seconds - self._now if math.isfinite(self._now) else 0.0
        if elapsed < 0.0:
            self._latest, self._sampled = self._latest + elapsed, self._sampled + elapsed
            self._applied = None
        self._now = seconds
        return max(0.0, elapsed)

    def _judge(self, view: SceneStatistics, answer: Answer, elapsed: float) -> None:
        """Is there smoke, and does the memory belong to this scene?"""
        smoke = -math.expm1(-average(answer.sure, view.content) / SOMEWHERE)
        self._smoke += _share(elapsed, JUDGED_SECONDS) * (smoke - self._smoke)
        trust = (1.0 - answer.foreign) * self._known
        self._trust += _share(elapsed, JUDGED_SECONDS) * (trust - self._trust)
        foreign = self._known and answer.foreign > FOREIGN
        self._foreign_seconds = self._foreign_seconds + elapsed if foreign else 0.0

    def _learn(self, view: SceneStatistics, expected: Expectation, fit: SmokeFit, maps: HazeMaps) -> None:
        """Remember this view if it is a clear one."""
        if self._smoke > CLEAR:
            return
        detail, dark = view.whole()[5:] - expected.whole[5:]
        clearer = dark < -0.07 and detail > 0.05
        opacity, engine = average(fit.opacity, view.content), average(opacity_seen(maps), view.content)
        self._remember(view, opacity, engine, CLEARER_SECONDS if clearer else LATEST_SECONDS)

    def _remember(
        self, view: SceneStatistics, opacity: float = 0.0, engine: float = 0.0, time_constant: float = LATEST_SECONDS
    ) -> None:
        if self._now - self._sampled < SAMPLE_SECONDS - 1e-6 or view.content.mean() < LEAST_CONTENT:
            return
        self._scene.add(view, opacity, engine, seconds=SAMPLE_SECONDS, time_constant_seconds=time_constant)
        self._latest = self._sampled = self._now

    def _calmed(self, wanted: Array, view: SceneStatistics, elapsed: float) -> Array:
        before = self._applied
        if before is None or before.shape != wanted.shape:
            self._applied = bounded(wanted)
        else:
            step = np.float32(_share(elapsed, CALM_SECONDS)) * (wanted - before)
            far = _change_of_light(step, view)
            moved = before + np.float32(min(1.0, FASTEST * elapsed / max(far, 1e-6))) * step
            near = self._smoke == 0.0 and float(np.abs(moved - wanted).max()) < 0.002
            self._applied = bounded(wanted if near else moved)
        return self._applied


def _change_of_light(step: Array, view: SceneStatistics) -> float:
    """By how much a change of maps changes the mean R, G or B of a view; the largest of them."""
    cells = maps_by_cell(step)
    change = cells[[0, 2, 2]] * view.mean + cells[[1, 3, 4]]
    y, cb, cr = (average(plane, view.content) for plane in change)
    return max(abs(y + 1.5748 * cr), abs(y - 0.1873 * cb - 0.4681 * cr), abs(y + 1.8556 * cb))


def _share(elapsed: float, time_constant_seconds: float) -> float:
    return -math.expm1(-max(0.0, elapsed) / time_constant_seconds)
