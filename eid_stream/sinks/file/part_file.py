"""A file that appears under its name only when it is finished."""

import errno
import os
from pathlib import Path

import av

from eid_stream.core.errors import SinkOpenError, SinkWriteError
from eid_stream.core.ffmpeg.media_formats import FILE_ONLY
from eid_stream.core.ffmpeg.pyav_versions import READABLE_METADATA
from eid_stream.sinks.file.claimed_part import ClaimedPart


class OutputFile:
    """Owns ``NAME.part`` while it is written and renames it to ``NAME`` at the end; never touches the input."""

    def __init__(self, path: Path, *, source: Path | None, overwrite: bool) -> None:
        """Create the empty ``.part`` file.

        Raises:
            SinkOpenError: the folder is missing or not writable, the output is the input, a file is in the way, or
                another run writes to the same name.
        """
        self.path = path
        self.part = path.with_name(path.name + ".part")
        self._overwrite = overwrite
        try:
            self._refuse_input(source)
            self._refuse_existing()
        except OSError as error:  # a name that is too long, say
            raise SinkOpenError(f"Cannot look for {path}: {error.strerror}. Give another name.") from error
        try:
            self._claim = ClaimedPart(self.part, overwrite=overwrite)
        except OSError as error:
            raise SinkOpenError(self._cannot_create(error)) from error

    def publish(self) -> None:
        """Give the finished file its name, at once and as a whole.

        Raises:
            SinkWriteError: it cannot be renamed, or a file of that name appeared meanwhile; the ``.part`` is kept.
        """
        self._claim.release()
        try:
            if self._overwrite:
                self.part.replace(self.path)
            else:
                self._publish_beside_nothing()
        except FileExistsError as error:
            raise SinkWriteError(
                f"{self.path} appeared while it was being written; the result is kept as {self.part}."
            ) from error
        except OSError as error:
            raise SinkWriteError(
                f"Cannot rename {self.part} to {self.path}: {error.strerror}. Rename it by hand."
            ) from error

    def settle(self) -> None:
        """Wait until everything written is on the disk, so that late errors show.

        Raises:
            OSError: it cannot all be stored.
        """
        with self.part.open("rb") as file:
            os.fsync(file.fileno())

    def release(self) -> None:
        """Let another run have the name; may be called twice."""
        self._claim.release()

    def discard(self) -> None:
        """Remove the ``.part`` file, because nothing was written to it."""
        self.part.unlink(missing_ok=True)
        self._claim.release()

    def is_kept(self) -> bool:
        """Whether the ``.part`` file is there and a player finds a picture in it."""
        try:
            with av.open(f"file:{self.part}", "r", container_options=FILE_ONLY, **READABLE_METADATA) as container:
                return any(packet.size for packet in container.demux(video=0))
        except (av.FFmpegError, OSError, ValueError, IndexError):
            return False

    def failure(self, error: Exception) -> SinkWriteError:
        """Turn a library's complaint about writing into one sentence, once the file has been closed."""
        kept = f" What was written so far is kept in {self.part}." if self.is_kept() else ""
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
            return SinkWriteError(f"The disk is full: {self.part} cannot grow any further.{kept} Free some space.")
        what = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return SinkWriteError(f"Cannot write {self.part} any further: {what}.{kept}")

    def _publish_beside_nothing(self) -> None:
        """Take the name only if nobody has it: a second name for the file, then the first one away."""
        try:
            os.link(self.part, self.path, follow_symlinks=False)
        except FileExistsError:
            raise
        except (OSError, NotImplementedError):  # a file system without second names
            if self.path.exists():
                raise FileExistsError(errno.EEXIST, "it exists", str(self.path)) from None
            self.part.replace(self.path)
        else:
            self.part.unlink()

    def _refuse_input(self, source: Path | None) -> None:
        for target in (self.path, self.part):
            if source is not None and source.exists() and target.exists() and target.samefile(source):
                raise SinkOpenError(
                    f"The output {target} is the input itself, which would be destroyed. Give another name."
                )

    def _refuse_existing(self) -> None:
        if self.path.is_dir():
            raise SinkOpenError(f"The output {self.path} is a folder. Give the name of a file in it.")
        if not self._overwrite and (self.path.exists() or self.path.is_symlink()):
            raise SinkOpenError(f"The output {self.path} exists already. Give another name, or --overwrite.")

    def _cannot_create(self, error: OSError) -> str:
        folder = self.path.parent
        if not folder.exists():
            return f"The folder {folder} of the output does not exist. Create it, or give another one."
        if not folder.is_dir():
            return f"{folder} is not a folder, so {self.path.name} cannot be written into it. Give another one."
        return f"Cannot create {self.part}: {error.strerror}. Check the permissions of {folder} and its disk."
