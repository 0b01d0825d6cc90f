"""Ctrl-C and its relatives: the first asks for an orderly end, the second ends the process at once."""

import os
import signal
import threading
from collections.abc import Callable
from queue import SimpleQueue
from types import FrameType, TracebackType
from typing import Any

SIGNALS = tuple(signal.Signals[name] for name in ("SIGINT", "SIGTERM", "SIGHUP") if name in signal.Signals.__members__)
_SHOW_CURSOR = b"\x1b[?25h"


class Interrupts:
    """While entered, calls ``stop`` (in a thread of its own) at the first signal and exits at the second.

    To be entered in the main thread. ``received`` is the first signal, or None.
    """

    def __init__(self, stop: Callable[[], None]) -> None:
        """Remember what to call; ``stop`` must be safe to call from any thread."""
        self._stop = stop
        self._signals: SimpleQueue[int | None] = SimpleQueue()
        self._before: dict[signal.Signals, Any] = {}
        self.received: signal.Signals | None = None

    @property
    def exit_code(self) -> int:
        """What the shell expects of a process ended by the signal, such as 130 for Ctrl-C; 0 without one."""
        return 0 if self.received is None else 128 + self.received

    def __enter__(self) -> "Interrupts":
        """Take over the signals, except a hang-up that is ignored on purpose (nohup)."""
        for number in SIGNALS:
            if number != getattr(signal, "SIGHUP", None) or signal.getsignal(number) != signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._note)
        threading.Thread(target=self._watch, name="interrupts", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the signals back; after an interruption the process is about to end anyway and ignores them."""
        for number, handler in self._before.items():
            signal.signal(number, handler if self.received is None else signal.SIG_IGN)
        self._signals.put(None)

    def _note(self, number: int, _: FrameType | None) -> None:
        """Only pass the signal on: a handler may interrupt the main thread while it holds a lock."""
        self._signals.put(number)

    def _watch(self) -> None:
        while (number := self._signals.get()) is not None:
            if self.received is not None:
                _exit_at_once(number)
            self.received = signal.Signals(number)
            self._stop()


def _exit_at_once(number: int) -> None:
    """Leave without waiting for any thread, library or file; a file that is being written stays as it is."""
    if os.isatty(2):
        os.write(2, _SHOW_CURSOR)
    os.write(2, b"\neid-stream: stopped at once; a file that was being written has .part behind its name.\n")
    os._exit(128 + number)
