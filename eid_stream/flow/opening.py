"""Opening in a thread of its own: other work goes on meanwhile, and a library that hangs is left behind."""

import threading
import time
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

_LOOK_SECONDS = 0.2
"""How often a waiting main thread looks for Ctrl-C where the system does not wake it."""


class Closable(Protocol):
    """What can be closed again once nobody waits for it any more."""

    def close(self) -> None:
        """Let go of it."""


Opened = TypeVar("Opened", bound=Closable)


class Opening(Generic[Opened]):
    """Calls ``open_it`` in another thread, at once. What comes of it is taken once, or closed."""

    def __init__(self, open_it: Callable[[], Opened]) -> None:
        """Begin."""
        self._open_it = open_it
        self._done = threading.Event()
        self._lock = threading.Lock()
        self._opened: Opened | None = None
        self._failure: BaseException | None = None
        self._abandoned = False
        threading.Thread(target=self._run, name="opening", daemon=True).start()

    def is_done_within(self, seconds: float) -> bool:
        """Wait so long at most; Ctrl-C meanwhile is answered at once."""
        until = time.monotonic() + seconds
        while not self._done.wait(min(_LOOK_SECONDS, max(0.0, until - time.monotonic()))):
            if time.monotonic() >= until:
                return False
        return True

    def take(self) -> Opened:
        """What was opened, waited for.

        Raises:
            BaseException: whatever ``open_it`` raises.
        """
        self.is_done_within(float("inf"))
        if self._failure is not None:
            raise self._failure
        with self._lock:
            opened, self._opened = self._opened, None
        assert opened is not None, "taken or abandoned before"
        return opened

    def abandon(self) -> None:
        """Have no more of it: what was not taken is closed, now or when it comes."""
        with self._lock:
            self._abandoned = True
            left, self._opened = self._opened, None
        if left is not None:
            left.close()

    def _run(self) -> None:
        try:
            opened = self._open_it()
        except BaseException as failure:
            self._failure = failure
        else:
            self._deliver(opened)
        self._done.set()

    def _deliver(self, opened: Opened) -> None:
        with self._lock:
            wanted = not self._abandoned
            if wanted:
                self._opened = opened
        if not wanted:
            opened.close()
