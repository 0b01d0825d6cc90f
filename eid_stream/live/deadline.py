"""Dehazing that is never waited for: every frame leaves in time, enhanced if that was possible, as captured if not."""

import gc
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from queue import Empty, SimpleQueue

from eid_stream.core.errors import EngineError
from eid_stream.core.frame import Frame, FrameState
from eid_stream.dehazing.dehazer import Dehazer
from eid_stream.live.bypass import BypassLatch

PROBE_SECONDS = 0.25
"""While bypassed, an estimate is made so often to see whether the engine is well again."""

_TOO_SLOW = "the engine is too slow"


class DeadlineDehazer:
    """Runs a dehazer in a thread of its own and waits for each frame no longer than ``deadline_seconds``.

    Until the engine is open and its self-test has passed, while the viewer or the latch bypasses, when the answer is
    late or the thread still busy with an earlier frame, that very frame is returned as captured with the reason in its
    state. An answer that comes late is thrown away: an old picture is never shown.
    """

    def __init__(
        self,
        open_dehazer: Callable[[], Dehazer],
        latch: BypassLatch,
        *,
        deadline_seconds: float,
        strength: float = 1.0,
    ) -> None:
        """Start the thread; it calls ``open_dehazer``, which opens and tests the engine, and warms up on one frame.

        An ``EngineError`` while opening is shown as the reason why nothing is enhanced.
        """
        self._open_dehazer = open_dehazer
        self._dehazer: Dehazer | None = None
        self._strength = strength
        self._latch = latch
        self._deadline_seconds = deadline_seconds
        self._tasks: SimpleQueue[Frame | None] = SimpleQueue()
        self._answers: SimpleQueue[tuple[Frame, float]] = SimpleQueue()
        self._busy = False
        self._probed = float("-inf")
        self._tested = False
        self._refused = ""
        self.bypassed = False
        """The viewer wants the original."""
        self._thread = threading.Thread(target=self._work, name="dehaze worker", daemon=True)
        self._thread.start()

    @property
    def strength(self) -> float:
        """Share of the haze that is removed, in [0, 1]; may be set at any time."""
        return self._strength

    @strength.setter
    def strength(self, strength: float) -> None:
        self._strength = strength

    @property
    def engine(self) -> str:
        """Name of the engine at work; empty until it is open."""
        return "" if self._dehazer is None else self._dehazer.engine.card.name

    @property
    def ready(self) -> bool:
        """Whether the self-test has passed."""
        return self._tested and not self._refused

    def dehaze(self, frame: Frame) -> Frame:
        """The frame, within the deadline. Never raises because of the engine."""
        self._collect(0.0)
        reason = self._reason_to_pass()
        if reason:
            self._probe(frame)
            return _as_captured(frame, reason)
        if self._busy:
            self._latch.fault(_TOO_SLOW, time.monotonic())
            return _as_captured(frame, "the engine is still busy with an earlier frame")
        self._busy = True
        self._tasks.put(frame)
        answer = self._collect(self._deadline_seconds)
        if answer is None:
            self._latch.fault(_TOO_SLOW, time.monotonic())
            return _as_captured(frame, f"not ready within {1000 * self._deadline_seconds:.0f} ms")
        return answer

    def close(self) -> None:
        """Let the thread end; it closes the engine unless the engine never answers."""
        self._tasks.put(None)
        self._thread.join(timeout=2.0)

    def _reason_to_pass(self) -> str:
        if self.bypassed:
            return "bypass"
        if not self._tested:
            return "self-test of the engine is running"
        return self._refused or self._latch.reason or ("strength is 0" if self.strength <= 0.0 else "")

    def _probe(self, frame: Frame) -> None:
        """Keep the engine's health known while its answers are not wanted."""
        now = time.monotonic()
        wanted = not self._tested or bool(self._latch.reason)
        if wanted and not self._busy and not self._refused and now - self._probed >= PROBE_SECONDS:
            self._probed = now
            self._busy = True
            self._tasks.put(frame)

    def _collect(self, seconds: float) -> Frame | None:
        """The answer that is waited for, noted in the latch; None when it does not come in time."""
        if not self._busy:
            return None
        try:
            answer, taken_seconds = self._answers.get(timeout=seconds) if seconds > 0 else self._answers.get_nowait()
        except Empty:
            return None
        self._busy = False
        self._note(answer, taken_seconds, time.monotonic())
        return answer

    def _note(self, answer: Frame, taken_seconds: float, now: float) -> None:
        if taken_seconds > self._deadline_seconds:
            self._latch.fault(_TOO_SLOW, now)
        elif answer.state.dehazed:
            self._latch.healthy(now)
        elif self.strength > 0.0:
            self._latch.fault(answer.state.why, now)

    def _work(self) -> None:
        frame = self._tasks.get()
        if frame is None:
            return
        dehazer = self._get_ready(frame)
        while (frame := self._tasks.get()) is not None:
            began = time.monotonic()
            answer = self._dehaze(dehazer, frame)
            self._answers.put((answer, time.monotonic() - began))
        if dehazer is not None:
            dehazer.close()

    def _get_ready(self, frame: Frame) -> Dehazer | None:
        try:
            self._dehazer = self._open_dehazer()
        except EngineError as error:
            self._refused = str(error)
        answer = self._dehaze(self._dehazer, frame)
        _spare_the_collector()
        self._answers.put((answer, 0.0))
        self._tested = True
        return self._dehazer

    def _dehaze(self, dehazer: Dehazer | None, frame: Frame) -> Frame:
        if dehazer is None:
            return _as_captured(frame, self._refused)
        dehazer.strength = self._strength
        return dehazer.dehaze(frame)


def _spare_the_collector() -> None:
    """Everything loaded so far stays: looking through it for garbage would stop all threads for a frame or more."""
    gc.collect()
    gc.freeze()


def _as_captured(frame: Frame, why: str) -> Frame:
    return replace(frame, state=FrameState(dehazed=False, why=why))
