"""An engine that answers in time or says that it did not: a stuck device must not freeze the picture."""

import queue
import threading
from dataclasses import dataclass, field

from eid_stream.core.engine_card import EngineCard
from eid_stream.core.errors import EngineRunError
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.interfaces import Engine
from eid_stream.core.thumbnail import Thumbnail


@dataclass(slots=True)
class _Question:
    thumbnail: Thumbnail
    answered: threading.Event = field(default_factory=threading.Event)
    maps: HazeMaps | None = None
    error: Exception | None = None


class PunctualEngine:
    """Runs an engine in a thread of its own and waits ``late_seconds`` at most for each answer.

    A late answer is thrown away, never shown with a later frame; until it has come, further questions are refused
    at once. The thread is a daemon: an engine that never returns cannot keep the process alive.
    """

    def __init__(self, engine: Engine, late_seconds: float) -> None:
        self._engine = engine
        self._late_seconds = late_seconds
        self._questions: queue.SimpleQueue[_Question | None] = queue.SimpleQueue()
        self._open: _Question | None = None
        self._closed = False
        self._reset = False
        threading.Thread(target=self._answer, name=f"engine-{engine.card.backend}", daemon=True).start()

    @property
    def card(self) -> EngineCard:
        """The wrapped engine's card."""
        return self._engine.card

    def estimate(self, thumbnail: Thumbnail) -> HazeMaps:
        """Haze maps over the thumbnail's whole canvas, in time.

        Raises:
            EngineRunError: the engine failed, is late, or is still busy with an earlier thumbnail.
        """
        if self._closed:
            raise EngineRunError(f"The {self.card.backend} engine is closed.")
        if self._open is not None and not self._open.answered.is_set():
            raise EngineRunError(f"The {self.card.backend} engine is still busy with an earlier frame.")
        question = self._open = _Question(thumbnail)
        self._questions.put(question)
        if not question.answered.wait(self._late_seconds):
            raise EngineRunError(
                f"The {self.card.backend} engine is late: no answer within {self._late_seconds * 1000:.0f} ms."
            )
        if question.error is not None:
            raise question.error
        assert question.maps is not None
        return question.maps

    def reset(self) -> None:
        """Forget every earlier thumbnail before the next one is looked at."""
        self._reset = True

    def close(self) -> None:
        """Close the engine as soon as it is idle, without waiting for it; may be called twice."""
        if not self._closed:
            self._closed = True
            self._questions.put(None)

    def _answer(self) -> None:
        while (question := self._questions.get()) is not None:
            try:
                if self._reset:
                    self._reset = False
                    self._engine.reset()
                question.maps = self._engine.estimate(question.thumbnail)
            except Exception as error:  # handed to the asking thread, whatever it is
                question.error = error
            question.answered.set()
        self._engine.close()
