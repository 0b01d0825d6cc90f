"""A file that comes late: standard input or a named pipe, read by two readers at their own pace."""

import os
import select
from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import IO

_CHUNK_BYTES = 1 << 16
_LOOK_SECONDS = 0.2
"""How long a reader waits before it looks whether the input has been closed."""


class LateInput:
    """Keeps of a pipe what one of its readers still has to read.

    ``open_reader`` may be called until ``seal``; from then on what every reader has read is forgotten.
    """

    def __init__(self, stream: IO[bytes], *, own: bool = False) -> None:
        """Read from a stream that cannot go back; ``own``: it is closed with this input."""
        self._own = own
        self._stream = stream
        self._chunks: deque[bytes] = deque()
        self._begin = self._end = 0
        self._readers: list[LateReader] = []
        self._sealed = self._ended = self._closed = False
        self._kept, self._reading = Lock(), Lock()

    def peek(self, size: int) -> bytes:
        """The first bytes, as many as there are up to ``size``; to be asked before ``seal``."""
        while self._end < size and self.read_more():
            pass
        return b"".join(self._chunks)[:size]

    def open_reader(self) -> "LateReader":
        """Make a reader that begins at the first byte.

        Raises:
            ValueError: the beginning is no longer kept.
        """
        if self._sealed:
            raise ValueError("a pipe can be read anew only before its frames are read")
        reader = LateReader(self, self._forget)
        self._readers.append(reader)
        return reader

    def seal(self) -> None:
        """No further readers will be made."""
        self._sealed = True

    def close(self) -> None:
        """End every reader, also one that waits in another thread; a stream of our own is closed."""
        self._closed = True
        if self._own:
            with self._reading:
                self._stream.close()

    def take(self, position: int, size: int) -> bytes | None:
        """Bytes kept from ``position`` on; None where none are."""
        with self._kept:
            begin = self._begin
            for chunk in self._chunks:
                if position < begin + len(chunk):
                    return chunk[position - begin : position - begin + size]
                begin += len(chunk)
        return None

    def read_more(self, beyond: int | None = None) -> bool:
        """Wait for the next bytes; False at the end. Nothing is read where another reader has gone ``beyond``."""
        with self._reading:
            if beyond is not None and self._end > beyond:
                return True
            chunk = b"" if self._ended else self._wait()
            self._ended = not chunk
            with self._kept:
                self._end += len(chunk)
                if chunk:
                    self._chunks.append(chunk)
            return bool(chunk)

    def _wait(self) -> bytes:
        while not self._is_closed():
            if select.select([self._stream.fileno()], [], [], _LOOK_SECONDS)[0]:
                return os.read(self._stream.fileno(), _CHUNK_BYTES)
        return b""

    def _is_closed(self) -> bool:
        return self._closed

    def _forget(self) -> None:
        """Let go of what every reader has read."""
        if not self._sealed:
            return
        with self._kept:
            needed = min((reader.position for reader in self._readers if not reader.closed), default=self._end)
            while self._chunks and self._begin + len(self._chunks[0]) <= needed:
                self._begin += len(self._chunks.popleft())


class LateReader:
    """What FFmpeg reads from: knows no way back."""

    def __init__(self, late: LateInput, has_read: Callable[[], None]) -> None:
        """Begin at the first byte."""
        self._late = late
        self._has_read = has_read
        self.position = 0
        self.closed = False

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes; none at the end."""
        data = self._late.take(self.position, size)
        while data is None and not self.closed and self._late.read_more(self.position):
            data = self._late.take(self.position, size)
        self.position += len(data or b"")
        self._has_read()
        return data or b""

    def close(self) -> None:
        """Read nothing any more; what was kept for this reader is let go."""
        self.closed = True
        self._has_read()
