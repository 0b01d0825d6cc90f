"""What the runtime's memory of the scene knows of a view, and how much smoke is really in it."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from eid_stream.core.box_means import box_means
from eid_stream.core.interfaces import Engine
from eid_stream.core.thumbnail import Area, Thumbnail
from eid_stream.dehazing.memory.scene_statistics import COLUMNS, ROWS, SceneStatistics, measure, opacity_seen
from training.data.camera import Camera
from training.data.views import View
from training.smoke.smoky_view import smoky_view
from training.smoke.veil_bank import VeilBank

Array = NDArray[np.float32]
THINNED_SHARE = 0.35
"""Share of rendered smoke that is thinned: what is hard to see is what there is to learn."""
THINNED = (0.15, 0.6)
"""Power of its transmission then."""
SAME_CAMERA = Camera(softness=0.0, defocus=0.0, grain=None, quality=None)
"""A memory and what is seen now come from one camera."""
TO_YCBCR = np.array([[0.2126, 0.7152, 0.0722], [-0.1146, -0.3854, 0.5], [0.5, -0.4542, -0.0458]], np.float32)
"""ITU-T H.273 matrix 1 (BT.709), as of thumbnails."""


@dataclass(frozen=True, slots=True, eq=False)
class ObservedView:
    """A view as the memory meets it."""

    statistics: SceneStatistics
    seen: Array
    """(ROWS, COLUMNS): opacity that the engine sees."""
    opacity: Array
    """(ROWS, COLUMNS): what there is; NaN where nobody knows, as in real smoke."""

    def exposed(self, gain: float) -> "ObservedView":
        """The same with another exposure, which is no smoke."""
        factor = np.float32(gain)
        statistics = self.statistics
        changed = replace(statistics, mean=statistics.mean * factor, variance=statistics.variance * factor**2)
        return replace(self, statistics=changed)


class Observer:
    """Shows views to an engine, as they are or through rendered smoke."""

    def __init__(self, engine: Engine, veils: VeilBank, seed: int) -> None:
        self._engine, self._veils = engine, veils
        self._rng = np.random.default_rng([seed, 0x0B5E])

    def clear(self, view: View) -> ObservedView:
        """A view without smoke."""
        return self._observed(view.rgb, np.zeros((ROWS, COLUMNS), np.float32))

    def real_smoke(self, view: View) -> ObservedView:
        """A view whose smoke nobody has measured."""
        return self._observed(view.rgb, np.full((ROWS, COLUMNS), np.nan, np.float32))

    def smoky(self, view: View) -> ObservedView:
        """A clear view through smoke."""
        take = self._veils.draw(self._rng, moments=1)
        if self._rng.random() < THINNED_SHARE:
            take = replace(take, transmission=take.transmission ** np.float32(self._rng.uniform(*THINNED)))
        shown = smoky_view(view, take, self._rng, SAME_CAMERA)
        return self._observed(shown.hazy, box_means(shown.veil[:1], ROWS, COLUMNS)[0])

    def _observed(self, rgb: Array, opacity: Array) -> ObservedView:
        height, width = rgb.shape[1:]
        values = np.asarray(np.tensordot(TO_YCBCR, rgb, axes=1), np.float32)
        thumbnail = Thumbnail(values, Area(0, 0, width, height))
        self._engine.reset()
        return ObservedView(measure(thumbnail), opacity_seen(self._engine.estimate(thumbnail)), opacity)
