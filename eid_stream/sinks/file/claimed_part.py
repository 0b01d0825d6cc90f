"""The unfinished file of one run: made anew, never a link, and nobody else's while the run lasts."""

import errno
import os
from contextlib import suppress
from pathlib import Path
from types import ModuleType

from eid_stream.core.errors import IN_USE, SinkOpenError

_file_locks: ModuleType | None
try:
    import fcntl as _file_locks
except ImportError:  # no such locks on Windows, where an open file cannot be replaced anyway
    _file_locks = None

_NEW = os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_CLOEXEC", 0)
_OLD = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_LOCKED = (errno.EWOULDBLOCK, errno.EACCES)


class ClaimedPart:
    """An empty file of our own, locked until ``release`` or the end of the process, however that comes."""

    def __init__(self, path: Path, *, overwrite: bool) -> None:
        """Make the file; ``overwrite`` replaces what an ended run left, and a link by a file.

        Raises:
            SinkOpenError: another run writes it now, or something is in the way.
            OSError: it cannot be made.
        """
        self._path = path
        self._clear_the_way(overwrite=overwrite)
        try:
            self._descriptor = os.open(path, _NEW, 0o666)
        except FileExistsError as error:
            raise SinkOpenError(self._taken()) from error
        if not _lock(self._descriptor) or not self._is_still_ours():
            os.close(self._descriptor)
            raise SinkOpenError(self._taken())

    def release(self) -> None:
        """Let go of the file; may be called twice."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _clear_the_way(self, *, overwrite: bool) -> None:
        if self._path.is_symlink():
            if not overwrite:
                raise SinkOpenError(f"{self._path} is a link, which is never followed. Remove it, or give --overwrite.")
            self._path.unlink()
        elif self._path.exists():
            if is_in_use(self._path):
                raise SinkOpenError(self._taken())
            if not overwrite:
                raise SinkOpenError(
                    f"{self._path} is left from a run that did not finish. "
                    "Keep it under another name, or give --overwrite."
                )
            self._path.unlink(missing_ok=True)

    def _is_still_ours(self) -> bool:
        """Whether no other run took the name between making and locking the file."""
        with suppress(OSError):
            return os.path.samestat(os.fstat(self._descriptor), self._path.lstat())
        return False

    def _taken(self) -> str:
        return f"{IN_USE} {self._path} at this moment. Wait for it, or give another name."


def is_in_use(path: Path) -> bool:
    """Whether a run writes a file at this moment."""
    try:
        descriptor = os.open(path, _OLD)
    except OSError:
        return False
    try:
        return not _lock(descriptor)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Lock an open file; a file system that knows no locks counts as locked by us."""
    if _file_locks is None:
        return True
    try:
        _file_locks.flock(descriptor, _file_locks.LOCK_EX | _file_locks.LOCK_NB)
    except OSError as error:
        return error.errno not in _LOCKED
    return True
