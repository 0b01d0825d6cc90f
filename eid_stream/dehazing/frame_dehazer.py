"""One frame in, the same frame without haze out; or, whatever goes wrong, the frame as captured."""

import logging

from eid_stream.core.errors import EngineRunError, reason_of
from eid_stream.core.frame import Frame
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.interfaces import Engine
from eid_stream.core.thumbnail import make_thumbnail
from eid_stream.dehazing.frame_correction import as_captured, corrected
from eid_stream.dehazing.map_estimator import MapEstimator
from eid_stream.dehazing.memory.foresight import Foresight
from eid_stream.dehazing.temporal_filter import TIME_CONSTANT_SECONDS

logger = logging.getLogger(__name__)


class FrameDehazer:
    """Thumbnail, maps to be applied, correction. Holds the state in time of one stream; not shared between threads.

    ``strength`` in [0, 1] may be set between any two frames; at 0 frames pass through untouched.
    """

    def __init__(
        self,
        engine: Engine,
        strength: float = 1.0,
        time_constant_seconds: float = TIME_CONSTANT_SECONDS,
        foresight: Foresight | None = None,
    ) -> None:
        self.estimator = MapEstimator(engine, time_constant_seconds, foresight)
        self.strength = strength

    @property
    def engine(self) -> Engine:
        """What sees the haze."""
        return self.estimator.engine

    def dehaze(self, frame: Frame) -> Frame:
        """The dehazed frame with ``original`` and ``maps`` set, or ``frame`` itself with the reason in its state.

        Never raises because of the engine or its maps: a viewer must always get a picture.
        """
        if self.strength <= 0.0:
            return as_captured(frame, "strength is 0")
        try:
            return corrected(frame, self._estimate(frame), self.strength)
        except Exception as error:  # any fault of engine or maps must end as the captured picture
            known = isinstance(error, EngineRunError)
            logger.warning("Frame %d is shown as captured: %s", frame.index, error, exc_info=not known)
            return as_captured(frame, reason_of(error))

    def _estimate(self, frame: Frame) -> HazeMaps:
        card = self.engine.card
        thumbnail = make_thumbnail(frame, card.thumbnail_width, card.thumbnail_height)
        return self.estimator.estimate(thumbnail, float(frame.seconds))

    def reset(self) -> None:
        """Forget the past, as after a seek or a change of source."""
        self.estimator.reset()

    def close(self) -> None:
        """Close the engine; may be called twice."""
        self.estimator.close()
