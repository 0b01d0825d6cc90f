"""Standard error through which nothing secret goes, and standard streams that never decide a run's fate."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from eid_stream.core.errors import SinkWriteError
from eid_stream.core.host.redaction import redacted_text


class SteadyText(io.TextIOBase):
    """Passes text on without credentials, and goes on in silence once nobody takes it: closed, full, hung up."""

    def __init__(self, stream: TextIO | None) -> None:
        """``stream`` is None where the process was started without one."""
        self._stream = stream

    def write(self, text: str) -> int:
        """Pass it on, or let it go."""
        if self._stream is not None:
            try:
                self._stream.write(redacted_text(text))
                self._stream.flush()
            except (OSError, ValueError) as error:
                self._let_go(self._stream)
                self._note(error)
        return len(text)

    def isatty(self) -> bool:
        """Whether a person reads along."""
        try:
            return self._stream is not None and self._stream.isatty()
        except ValueError:
            return False

    def fileno(self) -> int:
        """The descriptor behind it.

        Raises:
            OSError: there is none.
        """
        if self._stream is None:
            raise io.UnsupportedOperation("there is no stream")
        return self._stream.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Of the stream behind it."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    def _note(self, error: Exception) -> None:
        """Nobody can be told that standard error takes nothing."""

    def _let_go(self, stream: TextIO) -> None:
        """What is still in the buffer of the stream would fail again when the process ends, and become its status."""
        self._stream = None
        with suppress(OSError, ValueError):
            discard(stream.fileno())


class PrintedText(SteadyText):
    """Standard output for what is asked for, such as the help: a reader may leave early, a full disk is told."""

    def _note(self, error: Exception) -> None:
        if not isinstance(error, BrokenPipeError):
            what = getattr(error, "strerror", None) or str(error)
            raise SinkWriteError(f"Cannot write to standard output: {what}. Print it elsewhere.") from error


@contextmanager
def steady_streams() -> Iterator[None]:
    """Standard error and output as ``SteadyText`` while the block runs; missing standard descriptors are taken."""
    _take_missing_descriptors()
    before = sys.stdout, sys.stderr
    sys.stderr = SteadyText(sys.stderr)
    if sys.stdout is not None:
        sys.stdout = PrintedText(sys.stdout)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def discard(descriptor: int) -> None:
    """Have everything written to a descriptor thrown away from now on."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, descriptor)
    finally:
        os.close(nowhere)


def _take_missing_descriptors() -> None:
    """The next file to be opened would become standard error, and every message would be written into a video."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        continue
    os.close(descriptor)
