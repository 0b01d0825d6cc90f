"""How much room is left where a recording grows."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

_MIB = 1 << 20


class Usage(Protocol):
    """What ``shutil.disk_usage`` answers, in bytes."""

    @property
    def total(self) -> int:
        """Size of the file system."""
        ...

    @property
    def free(self) -> int:
        """What is left of it."""
        ...


class DiskSpace:
    """Looks every ``check_seconds``; warns early, and calls the disk full while a file can still be finished."""

    def __init__(
        self,
        folder: Path,
        *,
        warn_bytes: int = 4096 * _MIB,
        full_bytes: int = 256 * _MIB,
        usage: Callable[[Path], Usage] = shutil.disk_usage,
        check_seconds: float = 1.0,
    ) -> None:
        """Watch the file system of ``folder``; on small ones the limits are a fifth and a twentieth of it."""
        self._folder = folder
        self._usage = usage
        self._limits = warn_bytes, full_bytes
        self._check_seconds = check_seconds
        self._looked = float("-inf")
        self._free_bytes = 0
        self.low = False
        self.full = False

    @property
    def warning(self) -> str:
        """What to say; empty while there is room."""
        self._look()
        return f"disk: {self._free_bytes // _MIB} MiB left" if self.low else ""

    def is_full(self) -> bool:
        """Whether recording must end now to end well."""
        self._look()
        return self.full

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looked < self._check_seconds:
            return
        self._looked = now
        usage = self._usage(self._folder)
        warn_bytes, full_bytes = self._limits
        self._free_bytes = usage.free
        self.low = usage.free < min(warn_bytes, usage.total // 5)
        self.full = usage.free < min(full_bytes, usage.total // 20)
