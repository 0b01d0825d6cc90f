"""Ctrl-C before the first frame: the process ends within a second, whatever library it is waiting in."""

import os
import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import Any, NoReturn

from eid_stream.app.ending.interrupts import SIGNALS

_GRACE_SECONDS = 0.7
SENTENCE = "eid-stream: stopped before the first frame; nothing was written.\n"


class EarlyInterrupts:
    """While entered in the main thread, a signal raises ``KeyboardInterrupt`` there.

    Where the main thread does not come to it, because it is inside a library, the process ends without it: the signal
    is seen by a thread of its own through a pipe, as signal handlers of Python wait for the main thread.
    """

    def __init__(self) -> None:
        """Nothing is taken over yet."""
        self._before: dict[signal.Signals, Any] = {}
        self.received: signal.Signals | None = None
        self._told = False

    def end(self) -> NoReturn:
        """Say so and leave, without waiting for any library that is still opening something."""
        self._told = True
        sys.stderr.write(SENTENCE)
        os._exit(128 + (self.received or signal.SIGINT))

    def __enter__(self) -> "EarlyInterrupts":
        """Take over the signals that Python or the system would answer, not those that somebody ignores on purpose."""
        if threading.current_thread() is not threading.main_thread():
            return self
        reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        for number in SIGNALS:
            if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                self._before[number] = signal.signal(number, self._raise)
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        threading.Thread(target=self._watch, args=(reader,), name="early interrupts", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the signals back; after one the process is about to end, and the thread sees to it."""
        if self.received is not None or threading.current_thread() is not threading.main_thread():
            return
        signal.set_wakeup_fd(-1)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._writer)

    def _raise(self, number: int, _: FrameType | None) -> None:
        if self.received is None:
            self.received = signal.Signals(number)
            raise KeyboardInterrupt

    def _watch(self, reader: int) -> None:
        while told := os.read(reader, 1):
            if signal.getsignal(told[0]) == self._raise:
                threading.Event().wait(_GRACE_SECONDS)
                if not self._told:
                    os.write(2, SENTENCE.encode())
                os._exit(128 + told[0])
        os.close(reader)
