"""A file that appears under its name only when it is finished."""

import errno
import os
from pathlib import Path

from eid_stream.core.errors import SinkOpenError, SinkWriteError


class OutputFile:
    """Owns ``NAME.part`` while it is written and renames it to ``NAME`` at the end; never touches the input."""

    def __init__(self, path: Path, *, source: Path | None, overwrite: bool) -> None:
        """Create the empty ``.part`` file.

        Raises:
            SinkOpenError: the folder is missing or not writable, the output is the input, or a file is in the way.
        """
        self.path = path
        self.part = path.with_name(path.name + ".part")
        self._overwrite = overwrite
        try:
            self._refuse_input(source)
            self._refuse_existing()
        except OSError as error:  # a name that is too long, say
            raise SinkOpenError(f"Cannot look for {path}: {error.strerror}. Give another name.") from error
        self._create()

    def publish(self) -> None:
        """Give the finished file its name, at once and as a whole.

        Raises:
            SinkWriteError: it cannot be renamed, or a file of that name appeared meanwhile; the ``.part`` is kept.
        """
        if self.path.exists() and not self._overwrite:
            raise SinkWriteError(f"{self.path} appeared while it was being written; the result is kept as {self.part}.")
        try:
            self.part.replace(self.path)
        except OSError as error:
            raise SinkWriteError(
                f"Cannot rename {self.part} to {self.path}: {error.strerror}. Rename it by hand."
            ) from error

    def settle(self) -> None:
        """Wait until everything written is on the disk, so that late errors show.

        Raises:
            SinkWriteError: it cannot all be stored.
        """
        try:
            with self.part.open("rb") as file:
                os.fsync(file.fileno())
        except OSError as error:
            raise self.failure(error) from error

    def discard(self) -> None:
        """Remove the ``.part`` file, because nothing was written to it."""
        self.part.unlink(missing_ok=True)

    def failure(self, error: Exception) -> SinkWriteError:
        """Turn a library's complaint about writing into one sentence."""
        kept = f"What was written so far is kept in {self.part}."
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
            return SinkWriteError(f"The disk is full: {self.part} cannot grow any further. {kept} Free some space.")
        what = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return SinkWriteError(f"Cannot write {self.part} any further: {what}. {kept}")

    def _refuse_input(self, source: Path | None) -> None:
        for target in (self.path, self.part):
            if source is not None and source.exists() and target.exists() and target.samefile(source):
                raise SinkOpenError(
                    f"The output {target} is the input itself, which would be destroyed. Give another name."
                )

    def _refuse_existing(self) -> None:
        if self.path.is_dir():
            raise SinkOpenError(f"The output {self.path} is a folder. Give the name of a file in it.")
        if self._overwrite:
            return
        if self.path.exists() or self.path.is_symlink():
            raise SinkOpenError(f"The output {self.path} exists already. Give another name, or --overwrite.")
        if self.part.exists():
            raise SinkOpenError(
                f"{self.part} is left from a run that did not finish. Keep it under another name, or give --overwrite."
            )

    def _create(self) -> None:
        try:
            self.part.open("wb").close()
        except OSError as error:
            raise SinkOpenError(self._cannot_create(error)) from error

    def _cannot_create(self, error: OSError) -> str:
        folder = self.path.parent
        if not folder.exists():
            return f"The folder {folder} of the output does not exist. Create it, or give another one."
        if not folder.is_dir():
            return f"{folder} is not a folder, so {self.path.name} cannot be written into it. Give another one."
        return f"Cannot create {self.part}: {error.strerror}. Check the permissions of {folder} and its disk."
