"""The estimate beside the stream: one thread that looks at pictures at its own pace.

It has two limits. A look that is *late* is no fault of any frame: frames go on with the maps there are, which grow old.
A look that never ends is *stuck*: its thread and its device are left behind, and another engine takes over.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from eid_stream.core.errors import reason_of
from eid_stream.core.frame import Frame
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.interfaces import Engine, Replaceable
from eid_stream.dehazing.map_estimator import MapEstimator
from eid_stream.flow.handoff import Handoff

logger = logging.getLogger(__name__)

STUCK_SECONDS = 2.0
"""A look at a device that takes so long is left behind together with the device."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One task: a frame to be looked at, and what it belongs to."""

    frame: Frame
    scene: int
    """Gaps in time and scene cuts before it; maps are not applied to another scene than they were made from."""
    cuts: int
    """Scene cuts before it; what was seen before a cut is forgotten, while a gap may continue the same view."""


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """What one look gave: maps, or the fault that is the reason why there are none."""

    index: int
    """Number of the frame."""
    seconds: Fraction
    """Its presentation time."""
    captured_ns: int
    scene: int
    maps: HazeMaps | None
    fault: str
    took_seconds: float
    """How long the look took, thumbnail included."""

    @classmethod
    def of(cls, look: Look, maps: HazeMaps | None, fault: str, took_seconds: float) -> "Estimate":
        """The answer to a task; it does not hold on to the picture."""
        frame = look.frame
        return cls(frame.index, frame.seconds, frame.captured_ns, look.scene, maps, fault, took_seconds)


class EstimateWorker:
    """Opens an engine in a thread of its own, and there looks at the newest frame it was asked about.

    Every look is told to ``note`` once: when it has ended, or when it is left behind.
    """

    def __init__(
        self,
        open_engine: Callable[[], Engine],
        *,
        stuck_seconds: float = STUCK_SECONDS,
        make_estimator: Callable[[Engine], MapEstimator] = MapEstimator,
        note: Callable[[Estimate], None] = lambda _: None,
        go_on_as: tuple[object, int] | None = None,
    ) -> None:
        """Start the thread. Whatever goes wrong with opening is told by ``refused``.

        ``go_on_as`` is what ``saved`` was of another one.
        """
        self._open_engine = open_engine
        self._make_estimator = make_estimator
        self._note = note
        self._stuck_seconds = stuck_seconds
        self._changed = threading.Condition()
        self._closed = False
        self.engine: Engine | None = None
        """What looks; None until it is open and has proven itself."""
        self.refused = ""
        """Why no engine could be opened; empty otherwise."""
        self.latest: Estimate | None = None
        """What the last look gave."""
        self._looker = _Looker(self._estimator, self._told, go_on_as)
        self._looker.start()

    def ask(self, look: Look) -> None:
        """Have a frame looked at as soon as the look before has ended, unless a newer one is asked for meanwhile."""
        self._looker.tasks.put(look)

    def answer_to(self, frame: Frame, within_seconds: float) -> Estimate | None:
        """What was seen in a frame or a later one, waited for; None when it does not come in time."""
        deadline = time.monotonic() + within_seconds
        with self._changed:
            while (answer := self._answer_to(frame)) is None and not self.refused:
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)
            return answer

    def _answer_to(self, frame: Frame) -> Estimate | None:
        latest = self.latest
        return latest if latest is not None and latest.index >= frame.index else None

    def saved(self) -> tuple[object, int] | None:
        """All that the next look depends on; to be asked between looks. None before the first one."""
        estimator = self._looker.estimator
        return None if estimator is None else (estimator.saved(), self._looker.cuts)

    def watch(self) -> None:
        """Leave a look behind that takes too long; whoever waits for maps calls this now and then."""
        looker, at_work = self._looker, self._looker.at_work
        engine: object = self.engine
        if at_work is None or not isinstance(engine, Replaceable):
            return
        look, began = at_work
        if time.monotonic() - began < self._stuck_seconds:
            return
        why = f"no answer within {self._stuck_seconds:g} s"
        with self._changed:
            if looker.at_work is not at_work or not engine.leave_behind(why):
                return  # it has just come to its end, or will do so
            self._looker = _Looker(self._estimator, self._told)
        looker.tasks.end()
        self._told(self._looker, Estimate.of(look, None, why, self._stuck_seconds))
        self._looker.start()

    def close(self) -> None:
        """Let the thread end and close the engine, unless that never answers; may be called twice."""
        self._closed = True
        self._looker.tasks.end()
        self._looker.thread.join(timeout=2.0)
        if self.engine is not None and not self._looker.thread.is_alive():
            self.engine.close()

    def _estimator(self) -> MapEstimator | None:
        """Called in the looker's thread: an estimator with the engine, which is opened first."""
        try:
            engine = self.engine or self._open_engine()
            estimator = self._make_estimator(engine)
        except Exception as error:  # at the edge of a thread everything becomes a reason that is shown
            with self._changed:
                self.refused = reason_of(error)
                self._changed.notify_all()
            return None
        self.engine = engine
        if self._closed:
            engine.close()
        return estimator

    def _told(self, looker: "_Looker", estimate: Estimate) -> None:
        with self._changed:
            if looker is not self._looker:
                return  # left behind, and told already
            self.latest = estimate
            self._changed.notify_all()
        self._note(estimate)


class _Looker:
    """One thread with its own passage and its own estimator, so that it can be left behind as a whole."""

    def __init__(
        self,
        make_estimator: Callable[[], MapEstimator | None],
        tell: Callable[["_Looker", Estimate], None],
        go_on_as: tuple[object, int] | None = None,
    ) -> None:
        self._make_estimator = make_estimator
        self._go_on_as = go_on_as
        self.estimator: MapEstimator | None = None
        """What looks; None before there is one."""
        self.cuts = 0
        """Scene cuts before the latest look."""
        self._tell = tell
        self.tasks: Handoff[Look] = Handoff(capacity=1, when_full="drop_oldest")
        self.at_work: tuple[Look, float] | None = None
        """The look that has not ended, and when it began on the monotonic clock."""
        self.thread = threading.Thread(target=self._run, name="estimate", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def _run(self) -> None:
        estimator = self._make_estimator()
        if estimator is None:
            return
        if self._go_on_as is not None:
            state, self.cuts = self._go_on_as
            estimator.go_on_as(state)
        self.estimator = estimator
        for look in self.tasks:
            forget = look.cuts != self.cuts
            _look_around(estimator, look.frame, anew=forget)  # before the clock runs after which a look is stuck
            began = time.monotonic()
            self.at_work = look, began
            maps, fault = _see(estimator, look.frame, forget=forget)
            self.cuts = look.cuts
            self.at_work = None
            self._tell(self, Estimate.of(look, maps, fault, time.monotonic() - began))
            del look  # and its picture, while there is no other


def _look_around(estimator: MapEstimator, frame: Frame, *, anew: bool) -> None:
    try:
        estimator.look_around(frame, anew=anew)
    except Exception:  # without it the frame is only remembered less
        logger.warning("Around frame %d nothing was seen.", frame.index, exc_info=True)


def _see(estimator: MapEstimator, frame: Frame, *, forget: bool) -> tuple[HazeMaps | None, str]:
    try:
        if forget:
            estimator.reset()
        return estimator.estimate_frame(frame), ""
    except Exception as error:  # whatever an engine raises is the fault of this look
        return None, reason_of(error)
