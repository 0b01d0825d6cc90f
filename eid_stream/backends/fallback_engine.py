"""An engine that survives its engines: rebuilt when it fails, replaced by the next best when that does not help."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from eid_stream.core.engine_card import EngineCard
from eid_stream.core.errors import EngineError, EngineLoadError, EngineRunError, reason_of
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.interfaces import Engine, Remembering
from eid_stream.core.thumbnail import Thumbnail

logger = logging.getLogger(__name__)

FAILURES_ALLOWED = 3
"""Looks in a row an engine may fail on before it is rebuilt."""
REBUILD_SECONDS = 60.0
"""An engine that fails again within this time after it was rebuilt gives way to the next best."""

_BEING_REPLACED = "The engine failed and is being replaced."


@dataclass(frozen=True, slots=True)
class EngineOpener:
    """One engine that could be used: its name, and how to open it, self-test included."""

    name: str
    open: Callable[[], Engine]
    on_a_device: bool = False
    """Whether it can wait for ever for a device; the others only compute."""


class FallbackEngine:
    """The first engine of ``openers`` (best first) that works, for as long as it works.

    With ``fall_back_at_start`` False the first one must open. A look that fails raises EngineRunError; rebuilding and
    replacing happen in another thread while frames go on.

    Raises:
        EngineError: at construction, no engine that may be used can be opened.
    """

    def __init__(self, openers: Sequence[EngineOpener], *, fall_back_at_start: bool = True) -> None:
        self._openers = tuple(openers)
        self._reasons: list[str] = []
        self._lock = threading.Lock()
        self._index, engine = self._open_first(0, last=len(self._openers) if fall_back_at_start else 1)
        self._engine: Engine | None = engine
        self._card = engine.card
        self._failures = 0
        self._rebuilt_at = float("-inf")
        self._closed = False
        self._why_none = _BEING_REPLACED

    @property
    def card(self) -> EngineCard:
        """The card of the engine in use, or of the last one while another is being opened."""
        return self._card

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why which engine is in use, one sentence per step, oldest first."""
        return tuple(self._reasons)

    def estimate(self, thumbnail: Thumbnail) -> HazeMaps:
        """Haze maps that may be applied.

        Raises:
            EngineRunError: the engine in use failed, answered something unsound, or is being replaced.
        """
        engine = self._engine
        if engine is None:
            raise EngineRunError("The engine is closed." if self._closed else self._why_none)
        try:
            maps = engine.estimate(thumbnail)
            fault = maps.fault()
        except Exception as error:  # an engine's bug must not end the stream either
            fault = reason_of(error)
        if engine is not self._engine:  # it was left behind meanwhile; its thread is the one to close it
            _close_quietly(engine)
            raise EngineRunError(self._why_none)
        if fault is None:
            self._failures = 0
            return maps
        self._failures += 1
        if self._failures >= FAILURES_ALLOWED:
            self._replace_soon(f"failed on {self._failures} looks in a row: {fault}", close=True)
        raise EngineRunError(fault)

    def leave_behind(self, why: str) -> bool:
        """Replace an engine whose device does not come back from a thumbnail; it is closed if it ever does."""
        if not self._openers[self._index].on_a_device:
            return False
        self._replace_soon(why, close=False)
        return True

    @property
    def state(self) -> float | None:
        """What the engine in use remembers, if it does."""
        engine: object = self._engine
        return engine.state if isinstance(engine, Remembering) else None

    @state.setter
    def state(self, state: float | None) -> None:
        engine: object = self._engine
        if isinstance(engine, Remembering):
            engine.state = state

    def reset(self) -> None:
        """Forget every earlier thumbnail."""
        if (engine := self._engine) is not None:
            engine.reset()

    def close(self) -> None:
        """Close the engine in use, and the next one as soon as it has opened; may be called twice."""
        with self._lock:
            self._closed = True
            engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()

    def _replace_soon(self, why: str, *, close: bool) -> None:
        with self._lock:
            engine, self._engine = self._engine, None
            if engine is None:
                return
            self._why_none = _BEING_REPLACED
        failed = engine if close else None
        threading.Thread(target=self._replace, args=(failed, why), name="engine-replace", daemon=True).start()

    def _replace(self, failed: Engine | None, why: str) -> None:
        self._tell(f"{self._openers[self._index].name}: {why}")
        if failed is not None:
            _close_quietly(failed)
        fresh = time.monotonic() - self._rebuilt_at < REBUILD_SECONDS
        first = min(self._index + fresh, len(self._openers) - 1)
        try:
            index, engine = self._open_first(first, last=len(self._openers))
        except Exception as error:  # at the edge of a thread everything becomes a reason that is shown
            self._why_none = f"no engine is left, frames stay as captured: {reason_of(error)}"
            self._tell(self._why_none)
            return
        self._rebuilt_at = time.monotonic()
        self._index, self._card, self._failures = index, engine.card, 0
        with self._lock:
            if not self._closed:
                self._engine = engine
                return
        engine.close()

    def _open_first(self, first: int, last: int) -> tuple[int, Engine]:
        error: EngineError = EngineLoadError("No engine was named.")
        for index in range(first, last):
            opener = self._openers[index]
            try:
                engine = opener.open()
            except Exception as reason:  # the next one must get its chance, whatever a library raises
                self._tell(f"{opener.name}: not used: {reason_of(reason)}")
                error = reason if isinstance(reason, EngineError) else EngineLoadError(reason_of(reason))
                continue
            self._tell(f"{opener.name}: in use: {describe(engine.card)}")
            return index, engine
        raise error

    def _tell(self, reason: str) -> None:
        self._reasons.append(reason)
        logger.info("Engine %s", reason)


def describe(card: EngineCard) -> str:
    """One line for people: which student, in which precision, on which device."""
    return f"{card.name} {card.version}, {card.precision}, device {card.device}"


def _close_quietly(engine: Engine) -> None:
    try:
        engine.close()
    except Exception as error:  # a lost device cannot be closed properly, and need not be
        logger.info("Engine %s could not be closed: %s", engine.card.backend, error)
