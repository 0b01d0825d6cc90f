"""Dehazing that is never waited for: every frame is corrected at once, with the newest maps there are."""

import gc
import logging
import math
import time
from collections.abc import Callable

from eid_stream.core.engine_card import EngineCard
from eid_stream.core.errors import reason_of
from eid_stream.core.frame import Frame
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.interfaces import Engine
from eid_stream.dehazing.estimate_worker import Estimate, EstimateWorker, Look
from eid_stream.dehazing.frame_correction import as_captured, corrected
from eid_stream.dehazing.map_estimator import MapEstimator
from eid_stream.dehazing.memory.scene_memory import MemoryState
from eid_stream.dehazing.scene_cut import Continuity
from eid_stream.flow.stats import Stats
from eid_stream.live.bypass_latch import BypassLatch
from eid_stream.live.map_course import MapCourse

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1 / 15
"""Shortest time between the frames of two looks."""
PROBE_SECONDS = 0.25
"""The same while the original is shown anyway: often enough that maps are at hand when they are wanted again."""
OLDEST_MAPS_SECONDS = 0.5
"""Maps of a picture older than this are not applied: smoke moves. A look that takes half of it is late: a fault of the
engine in the eyes of the latch, though of no frame."""
NEW_SCENE_SECONDS = 0.04
"""How long the first frame of a new scene waits for its own maps."""
EASING_SECONDS = 0.04
"""Time constant with which the maps shown follow those wanted: every look errs a little, and jumps from one to the next
would be seen. docs/log/2026-11-29-performance-until-today.md has the figures."""
CHANGED = 0.001
"""Change of coarse luma in [0, 1] from which a frame counts as a new picture: where one is repeated, the maps rest."""
MAP_AGE = "age of the maps"
ESTIMATE = "estimate"
BYPASSED, NO_STRENGTH = "bypass", "strength is 0"
"""Why a frame is shown as captured because the viewer wants it so."""
_TOO_SLOW = "the engine is too slow"
_JITTER_NS = 4_000_000


class LiveDehazer:
    """Corrects each frame with the maps of that moment, while an ``EstimateWorker`` looks at the newest ones.

    What is not corrected is returned as captured with the reason in its state: until the engine is open and proven,
    while viewer or latch bypass, when correcting fails, after a look that failed, when the maps are older than
    ``oldest_maps_seconds``. Maps are never applied to another scene than the one they were made from.
    """

    def __init__(
        self,
        open_engine: Callable[[], Engine],
        latch: BypassLatch,
        *,
        stats: Stats,
        strength: float = 1.0,
        new_scene_seconds: float = NEW_SCENE_SECONDS,
        oldest_maps_seconds: float = OLDEST_MAPS_SECONDS,
        make_estimator: Callable[[Engine], MapEstimator] = MapEstimator,
    ) -> None:
        """Start the worker's thread; it calls ``open_engine``, which opens and tests the engine."""
        self.strength = strength
        """Share of the haze that is removed, in [0, 1]; may be set at any time."""
        self.bypassed = False
        """The viewer wants the original."""
        self._latch = latch
        self._stats = stats
        self._new_scene_seconds = new_scene_seconds
        self._oldest_maps_seconds = oldest_maps_seconds
        self._continuity = Continuity()
        self._scene = self._cuts = 0
        self._shown: HazeMaps | None = None
        self._asked_ns = self._shown_ns = 0
        self._course = MapCourse()
        self._make_estimator = make_estimator
        self._estimator: MapEstimator | None = None
        self._worker = EstimateWorker(
            _then_spare_the_collector(open_engine), make_estimator=self._estimator_of, note=self._note
        )

    @property
    def card(self) -> EngineCard | None:
        """Card of the engine at work; None until it is open."""
        return None if self._worker.engine is None else self._worker.engine.card

    @property
    def engine(self) -> str:
        """Name of the engine at work; empty until it is open."""
        return "" if self.card is None else self.card.name

    @property
    def memory(self) -> MemoryState | None:
        """What the estimator at work remembers of the scene; None until there is one."""
        return None if self._estimator is None else self._estimator.memory

    def _estimator_of(self, engine: Engine) -> MapEstimator:
        self._estimator = self._make_estimator(engine)
        return self._estimator

    def dehaze(self, frame: Frame) -> Frame:
        """The frame, corrected or as captured. Never raises, and waits for nothing but the maps of a new scene."""
        try:
            return self._dehaze(frame)
        except Exception as error:  # whatever goes wrong, this very frame is shown
            logger.warning("Frame %d is shown as captured.", frame.index, exc_info=True)
            self._latch.fault(reason_of(error), time.monotonic())
            return as_captured(frame, reason_of(error))

    def close(self) -> None:
        """Let the thread end; it closes the engine unless the engine never answers."""
        self._worker.close()

    def _dehaze(self, frame: Frame) -> Frame:
        self._worker.watch()
        new_scene = self._continuity.broken_by(frame)
        if new_scene:
            self._scene, self._shown = self._scene + 1, None
            self._cuts += self._continuity.cut
        reason = self._reason_to_pass()
        if reason:
            self._shown = None
            self._look_at(frame, PROBE_SECONDS)
            return as_captured(frame, reason)
        if new_scene:
            self._look_at(frame, 0.0)
            self._worker.answer_to(frame, self._new_scene_seconds)
        maps, reason = self._maps_for(frame)
        self._shown = None if maps is None else self._eased(maps, frame.captured_ns)
        shown = as_captured(frame, reason) if self._shown is None else corrected(frame, self._shown, self.strength)
        self._look_at(frame, LOOK_SECONDS)  # only now: the correction wants all cores
        return shown

    def _reason_to_pass(self) -> str:
        if self.bypassed:
            return BYPASSED
        if self._worker.engine is None:
            return self._worker.refused or "self-test of the engine is running"
        return self._latch.reason or (NO_STRENGTH if self.strength <= 0.0 else "")

    def _look_at(self, frame: Frame, interval_seconds: float) -> None:
        if frame.captured_ns - self._asked_ns >= interval_seconds * 1e9 - _JITTER_NS and not self._worker.refused:
            self._asked_ns = frame.captured_ns
            self._worker.ask(Look(frame, self._scene, self._cuts))

    def _maps_for(self, frame: Frame) -> tuple[HazeMaps | None, str]:
        """Maps that may be applied to a frame, or why there are none."""
        newest = self._worker.latest
        if newest is None or newest.scene != self._scene:
            return None, "this scene has not been looked at yet"
        if newest.maps is None:
            return None, newest.fault
        age_ns = frame.captured_ns - newest.captured_ns
        self._stats.stage(MAP_AGE).record(max(0, age_ns))
        if age_ns > self._oldest_maps_seconds * 1e9:
            return None, "the haze maps are too old"
        self._course.take(newest)
        return self._course.at(frame.captured_ns), ""

    def _eased(self, wanted: HazeMaps, captured_ns: int) -> HazeMaps:
        """The maps shown last, on their way to those wanted; where a picture is repeated, they rest."""
        shown, elapsed_ns = self._shown, captured_ns - self._shown_ns
        self._shown_ns = captured_ns
        if shown is None or shown.grid != wanted.grid:
            return wanted
        share = -math.expm1(-max(0, elapsed_ns) / (EASING_SECONDS * 1e9))
        return shown.towards(wanted, share * min(1.0, self._continuity.difference / CHANGED))

    def _note(self, estimate: Estimate) -> None:
        """One look, one word to the latch. Called in the worker's thread, or in ours for a look left behind."""
        now = time.monotonic()
        self._stats.stage(ESTIMATE).record(int(estimate.took_seconds * 1e9))
        if estimate.fault:
            self._latch.fault(estimate.fault, now)
        elif estimate.took_seconds > self._oldest_maps_seconds / 2:
            self._latch.fault(_TOO_SLOW, now)
        else:
            self._latch.healthy(now)


def _then_spare_the_collector(open_engine: Callable[[], Engine]) -> Callable[[], Engine]:
    """Everything loaded by then stays: looking through it for garbage would stop all threads for a frame or more."""

    def opened() -> Engine:
        engine = open_engine()
        gc.collect()
        gc.freeze()
        return engine

    return opened
