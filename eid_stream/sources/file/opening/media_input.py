"""Where a recorded video comes from: a file, or a pipe through which a file comes late. Both can be opened twice."""

import os
import stat
import sys
from pathlib import Path
from typing import IO, Protocol, cast

from av.container import InputContainer

from eid_stream.core.errors import SourceOpenError
from eid_stream.core.ffmpeg.media_formats import PIPE_FORMATS
from eid_stream.sources.file.opening.late_input import LateInput, LateReader
from eid_stream.sources.file.opening.open_file import open_file, open_late
from eid_stream.sources.file.opening.recognition import HEAD_BYTES, index_comes_last, what_else

STANDARD_INPUT = "-"
_DESCRIBED_AHEAD = {"mov", "matroska"}
"""Containers that say of every stream what it holds, before the first packet."""
_SNIFFED = ((b"\xff\xd8\xff", "mjpeg"), (b"\x1f\x07\x00", "dv"), (b"\x00\x00\x01\xb3", "mpegvideo"))
"""Raw streams that FFmpeg takes for single pictures, or not at all, where it cannot see a file's name."""


class MediaInput(Protocol):
    """One recorded video that is read by whoever opens it."""

    label: str
    """What to call it in sentences."""
    path: Path | None
    """The file; None for a pipe."""

    @property
    def can_go_back(self) -> bool:
        """Whether it can be read at any place; a pipe cannot."""
        ...

    def finish(self, container: InputContainer) -> None:
        """Close what ``open`` returned."""
        ...

    def open(self) -> InputContainer:
        """Open it at its beginning.

        Raises:
            SourceOpenError: it is missing, or no video.
        """
        ...

    def begin(self) -> None:
        """Everybody who wants to read it has opened it."""
        ...

    def close(self) -> None:
        """End all reading."""
        ...


class FileInput:
    """A regular file. Opened again, its pictures are not decoded another time to find out what they are."""

    def __init__(self, path: Path, label: str = "") -> None:
        """Open nothing yet."""
        self.path: Path | None = path
        self.label = label or str(path)
        self.can_go_back = True
        self._path = path
        self._is_known = False

    def finish(self, container: InputContainer) -> None:
        """Close what ``open`` returned."""
        container.close()

    def open(self) -> InputContainer:
        """Open the file.

        Raises:
            SourceOpenError: it is missing, or no video.
        """
        container = open_file(self._path, known=self._is_known)
        described = bool(_DESCRIBED_AHEAD & set(container.format.name.split(",")))
        self._is_known = described and len(container.streams.video) == 1
        return container

    def begin(self) -> None:
        """Nothing to do: a file can be opened again at any time."""

    def close(self) -> None:
        """Nothing to do: whoever opened the file closes it."""


class PipeInput:
    """Standard input or a named pipe."""

    def __init__(self, stream: IO[bytes], label: str, *, own: bool = False) -> None:
        """Look at the first bytes, waiting for them.

        Raises:
            SourceOpenError: nothing comes, or no video, or an MP4 whose index comes last.
        """
        self.path: Path | None = None
        self.label = label
        self.can_go_back = False
        self._readers: dict[int, LateReader] = {}
        self._late = LateInput(stream, own=own)
        head = self._late.peek(HEAD_BYTES if stat.S_ISREG(os.fstat(stream.fileno()).st_mode) else 4096)
        if not head:
            raise SourceOpenError(f"Nothing came through {label}. Check the command that writes to it.")
        if what := what_else(head):
            raise SourceOpenError(f"What comes through {label} is {what}.")
        if index_comes_last(head):
            raise SourceOpenError(
                f"What comes through {label} is an MP4 whose index lies at its end, which a pipe brings too late. Give "
                "the file itself with --source FILE, or move the index: ffmpeg -i FILE -c copy -movflags +faststart NEW"
            )
        self._format = next((name for signature, name in _SNIFFED if head.startswith(signature)), None)

    def open(self) -> InputContainer:
        """Open what comes at its first byte; to be called before ``begin``.

        Raises:
            SourceOpenError: it is no video.
        """
        reader = self._late.open_reader()
        container = open_late(cast("IO[bytes]", reader), self.label, formats=PIPE_FORMATS, format_name=self._format)
        self._readers[id(container)] = reader
        return container

    def finish(self, container: InputContainer) -> None:
        """Close what ``open`` returned, and forget what was kept for it."""
        reader = self._readers.pop(id(container), None)
        if reader is not None:
            reader.close()
            container.close()

    def begin(self) -> None:
        """From now on, what every reader has read is forgotten."""
        self._late.seal()

    def close(self) -> None:
        """End every reader, also one that waits for data."""
        self._late.close()


def open_input(address: str) -> MediaInput:
    """The input that an address means: ``-``, a named pipe, or a file.

    Raises:
        SourceOpenError: nothing comes through a pipe, or no video.
    """
    if address == STANDARD_INPUT:
        return _standard_input()
    path = Path(address.removeprefix("file:"))
    return PipeInput(path.open("rb", buffering=0), str(path), own=True) if _is_pipe(path) else FileInput(path)


def _standard_input() -> MediaInput:
    if sys.stdin is None or sys.stdin.closed:
        raise SourceOpenError("Standard input is closed: pipe a video into it, or name a file.")
    name = Path(f"/proc/self/fd/{sys.stdin.fileno()}")
    redirected = stat.S_ISREG(os.fstat(sys.stdin.fileno()).st_mode) and name.exists()
    if redirected and os.lseek(sys.stdin.fileno(), 0, os.SEEK_CUR) == 0:
        return FileInput(name, "standard input")
    return PipeInput(sys.stdin.buffer, "standard input")


def _is_pipe(path: Path) -> bool:
    try:
        return path.is_fifo()
    except OSError:
        return False
