"""Which maps to apply to a picture: what the engine sees in its thumbnail, and what was there before."""

import numpy as np

from eid_stream.core.errors import EngineRunError
from eid_stream.core.frame import Frame
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.interfaces import Engine, Remembering
from eid_stream.core.thumbnail import Thumbnail, make_thumbnail
from eid_stream.dehazing.memory.foresight import Foresight
from eid_stream.dehazing.memory.scene_memory import MemoryState, SceneMemory
from eid_stream.dehazing.scene_cut import Continuity
from eid_stream.dehazing.temporal_filter import TIME_CONSTANT_SECONDS, TemporalFilter


class MapEstimator:
    """Thumbnails of one stream in, maps to be applied out. Holds the state in time; not shared between threads.

    It owns ``engine`` and closes it.
    """

    def __init__(
        self,
        engine: Engine,
        time_constant_seconds: float = TIME_CONSTANT_SECONDS,
        foresight: Foresight | None = None,
    ) -> None:
        """``foresight`` of a recording stands in where nothing is remembered yet: see ``look_around``."""
        self.engine = engine
        self._continuity = Continuity()
        self._filter = TemporalFilter(time_constant_seconds)
        self._memory = SceneMemory(foresight)

    @property
    def memory(self) -> MemoryState:
        """How old the memory of the scene is, and how far it is trusted."""
        return self._memory.state

    def look_around(self, frame: Frame, *, anew: bool) -> None:
        """Let a recording be looked through around a frame, as far as it helps; ``anew`` where a scene begins.

        To be called before the frame is looked at: it may take a second.
        """
        self._memory.look_around(float(frame.seconds), anew=anew)

    def estimate_frame(self, frame: Frame) -> HazeMaps:
        """``estimate`` of the frame's thumbnail, at the time it is shown."""
        card = self.engine.card
        thumbnail = make_thumbnail(frame, card.thumbnail_width, card.thumbnail_height)
        return self.estimate(thumbnail, float(frame.seconds))

    def estimate(self, thumbnail: Thumbnail, seconds: float) -> HazeMaps:
        """Haze maps over the picture, without the canvas around it, smoothed in time.

        The thumbnail has the size that the engine's card says; ``seconds`` is its presentation time.

        Raises:
            EngineRunError: the engine has no answer, or one that must not be applied; or the thumbnail is no picture.
        """
        if not np.isfinite(thumbnail.values.sum()):  # what is remembered would hold it for ever
            raise EngineRunError("the picture holds NaN or infinity")
        if self._continuity.broken(thumbnail, seconds):
            self.engine.reset()
            self._filter.reset()
        if self._continuity.cut:
            self._memory.forget()
        maps = self._filter.update(_sound(self.engine.estimate(thumbnail)), thumbnail, seconds)
        improved = self._memory.improve(maps, thumbnail, seconds)
        if (fault := improved.fault()) is not None:
            self._memory.forget()  # what is remembered would spoil every answer after this one
            raise EngineRunError(fault)
        return _over_picture(improved, thumbnail)

    def saved(self) -> object:
        """All that the next estimate depends on, as it is now: to be saved before another thumbnail comes."""
        engine = self.engine.state if isinstance(self.engine, Remembering) else None
        return self._continuity, self._filter, self._memory, engine

    def go_on_as(self, state: object) -> None:
        """Estimate as one whose state was ``saved``."""
        assert isinstance(state, tuple)
        self._continuity, self._filter, memory, engine = state
        self._memory.go_on_as(memory)
        if isinstance(self.engine, Remembering):
            self.engine.state = engine

    def reset(self) -> None:
        """Forget the past, as after a seek or a change of source."""
        self.engine.reset()
        self._filter.reset()
        self._memory.forget()

    def close(self) -> None:
        """Close the engine; may be called twice."""
        self.engine.close()


def _sound(maps: HazeMaps) -> HazeMaps:
    fault = maps.fault()
    if fault is not None:
        raise EngineRunError(fault)
    return maps


def _over_picture(maps: HazeMaps, thumbnail: Thumbnail) -> HazeMaps:
    area = thumbnail.picture
    height, width = thumbnail.values.shape[1:]
    return maps.cropped((height, width), area.left, area.top, area.width, area.height)
