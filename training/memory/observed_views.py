"""What the runtime's memory of the scene knows of a view, what it should look like, and how much smoke is in it."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from eid_stream.core.box_means import box_means
from eid_stream.core.interfaces import Engine
from eid_stream.core.thumbnail import Area, Thumbnail
from eid_stream.dehazing.memory.network_input import maps_by_cell
from eid_stream.dehazing.memory.scene_statistics import COLUMNS, ROWS, SceneStatistics, content_of, measure
from training.data.camera import Camera, draw_camera
from training.data.views import View
from training.smoke.smoky_view import smoky_view
from training.smoke.veil_bank import Take, VeilBank

Array = NDArray[np.float32]
THINNED_SHARE = 0.35
"""Share of rendered smoke that is thinned: what is hard to see is what there is to learn."""
THINNED = (0.15, 0.6)
"""Power of its transmission then."""
BRIGHT_SHARE = 0.3
"""Share of rendered smoke that is lit from near, as real smoke is before robotic cameras and in some of Cholec80: it
adds more light, for the contrast that it takes, than the takes of ``eid_stream.smoke`` do."""
BRIGHT = (0.7, 1.05)
"""Mean of its airlight."""
DARKENED_SHARE = 0.15
"""Share of smoky views in which the scene behind is darker than in the truth: real smoke keeps more contrast, for the
light that it adds, than if more were."""
PLAIN_CAMERA = Camera(softness=0.0, defocus=0.0, grain=None, quality=None)
PLAIN_SHARE = 0.5
"""Share of videos that are recorded as their frames are; the others have grain and codec of a random camera."""
EXPOSURES = (0.0, 0.06, 0.06, 0.3)
"""Deviations of the logarithm of what light does between past and present: a scope that is drawn back is darker."""
SMOKY_EXPOSURES = (0.0, 0.0, 0.05, 0.12)
"""The same where there is smoke: nobody moves far in it, and what is added is not to be taken for light."""
TO_YCBCR = np.array([[0.2126, 0.7152, 0.0722], [-0.1146, -0.3854, 0.5], [0.5, -0.4542, -0.0458]], np.float32)
"""ITU-T H.273 matrix 1 (BT.709), as of thumbnails."""


@dataclass(frozen=True, slots=True, eq=False)
class ObservedView:
    """A view as the memory meets it, and what it looks like without smoke."""

    statistics: SceneStatistics
    engine: Array
    """(5, ROWS, COLUMNS): the engine's maps by cell."""
    opacity: Array
    """(ROWS, COLUMNS): what there is."""
    truth: SceneStatistics

    def exposed(self, rng: np.random.Generator) -> "ObservedView":
        """The same in another light, which is no smoke: the truth has it, too."""
        deviation = rng.choice(SMOKY_EXPOSURES if self.opacity.any() else EXPOSURES)
        factor = np.float32(np.exp(rng.normal(0.0, deviation)))
        return replace(self, statistics=_times(self.statistics, factor), truth=_times(self.truth, factor))


class Observer:
    """Shows views to an engine, as they are and through rendered smoke."""

    def __init__(self, engine: Engine, veils: VeilBank, seed: int) -> None:
        self._engine, self._veils = engine, veils
        self._rng = np.random.default_rng([seed, 0x0B5E])

    def camera(self) -> Camera:
        """A camera for all views of one video."""
        if self._rng.random() < PLAIN_SHARE:
            return PLAIN_CAMERA
        return replace(draw_camera(self._rng), defocus=0.0)

    def observed(self, view: View, camera: Camera, smoky: int) -> list[ObservedView]:
        """A view without smoke, and then so many times through some.

        What the camera's exposure does in answer to smoke is undone in the truth.
        """
        recorded = camera.record(camera.optics(view.rgb).clip(0.0, 1.0), view.content)
        shown = _thumbnail(recorded, view.area)
        truth = measure(shown)
        clear = ObservedView(truth, self._maps(shown), np.zeros((ROWS, COLUMNS), np.float32), truth)
        return [clear, *(self._smoky(view, camera, recorded) for _ in range(smoky))]

    def _smoky(self, view: View, camera: Camera, recorded: Array) -> ObservedView:
        take = self._veils.draw(self._rng, moments=1)
        if self._rng.random() < THINNED_SHARE:
            take = replace(take, transmission=take.transmission ** np.float32(self._rng.uniform(*THINNED)))
        if self._rng.random() < BRIGHT_SHARE:
            take = _lit_from_near(take, self._rng)
        shown = smoky_view(view, take, self._rng, camera, darkened=DARKENED_SHARE)
        opacity = box_means(shown.veil[:1], ROWS, COLUMNS)[0]
        smoky = _thumbnail(shown.hazy, view.area)
        truth = measure(_thumbnail(recorded, view.area), content_of(smoky))  # smoke lights dark edges, which count then
        return ObservedView(measure(smoky), self._maps(smoky), opacity, truth)

    def _maps(self, thumbnail: Thumbnail) -> Array:
        self._engine.reset()
        return np.array(maps_by_cell(self._engine.estimate(thumbnail).values), np.float32)


def _lit_from_near(take: Take, rng: np.random.Generator) -> Take:
    mean = max(0.05, float(take.airlight.mean()))
    colour = np.float32(rng.uniform(*BRIGHT) / mean) * np.exp(rng.normal(0.0, 0.04, (3, 1, 1))).astype(np.float32)
    return replace(take, airlight=take.airlight * colour, tint=0.5 * take.tint)


def _thumbnail(rgb: Array, area: Area | None) -> Thumbnail:
    height, width = rgb.shape[1:]
    values = np.asarray(np.tensordot(TO_YCBCR, rgb, axes=1), np.float32)
    return Thumbnail(values, area or Area(0, 0, width, height))


def _times(statistics: SceneStatistics, factor: np.float32) -> SceneStatistics:
    return replace(statistics, mean=statistics.mean * factor, variance=statistics.variance * factor**2)
