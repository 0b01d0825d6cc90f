"""What has become of every video of an archive: one JSON line for each change, the last one counts.

Runs that share the work write a file each, for not every file system on a network can append for several at once.
"""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from eid_stream.core.errors import ConfigError, SinkWriteError

_STEM, _EXTENSION = "eid-stream", ".jsonl"
NAME = _STEM + _EXTENSION
State = Literal["running", "done", "failed", "stopped"]
"""A video that was stopped is gone on with by the next run, as one whose run was killed while it was running."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is known of one video."""

    output: str
    """Its output, below the output folder, with ``/``."""
    source: str
    """Its source, as an absolute path."""
    state: State
    settings: dict[str, Any] = field(default_factory=dict)
    """The options that make the picture; an output made with others is made again."""
    source_bytes: int = 0
    source_sha256: str = ""
    engine: str = ""
    frames: int = 0
    video_seconds: float = 0.0
    wall_seconds: float = 0.0
    haze_per_second: list[float | None] = field(default_factory=list)
    """Mean density of haze in [0, 1] for every second of the video; None where no frame was looked at."""
    sentence: str = ""
    """Why it failed, or what is to be known of it."""
    worker: str = ""
    """Host and process that work at it."""
    written_at: float = 0.0
    """When the line was written, in seconds since 1970."""


class Manifest:
    """The lines of one output folder, each appended whole and flushed to the disk: a crash loses one at most."""

    def __init__(self, folder: Path, share: str = "") -> None:
        """Read what is there, of all runs; what is new goes into the file of this run's ``share``, such as 3-of-100.

        Raises:
            ConfigError: the file cannot be read.
        """
        self.path = folder / (NAME if not share else f"{_STEM}.{share}{_EXTENSION}")
        self._entries = _latest(folder)

    def __getitem__(self, output: str) -> Entry | None:
        """What was written last about an output."""
        return self._entries.get(output)

    @property
    def folder(self) -> Path:
        """The output folder."""
        return self.path.parent

    @property
    def entries(self) -> list[Entry]:
        """The last line of every output, in the order of their names."""
        return [self._entries[output] for output in sorted(self._entries)]

    def write(self, entry: Entry) -> None:
        """Append a line. One write of one line with O_APPEND: workers on one file system do not mix theirs.

        Raises:
            SinkWriteError: it cannot be stored.
        """
        self._entries[entry.output] = entry
        line = json.dumps(asdict(entry), ensure_ascii=False).encode() + b"\n"
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                os.write(descriptor, b"\n" + line if _is_torn(descriptor) else line)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise SinkWriteError(f"Cannot write the list of what is done, {self.path}: {error.strerror}.") from error


def _is_torn(descriptor: int) -> bool:
    """Whether a crash cut the last line off: the next one must not be joined to it."""
    size = os.fstat(descriptor).st_size
    return size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"


def _latest(folder: Path) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    for path in (folder / NAME, *sorted(folder.glob(f"{_STEM}.*{_EXTENSION}"))):
        for output, entry in _read(path).items():
            known = entries.get(output)
            if known is None or known.written_at <= entry.written_at:
                entries[output] = entry
    return entries


def _read(path: Path) -> dict[str, Entry]:
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"Cannot read the list of what is done, {path}: {error.strerror}.") from error
    entries: dict[str, Entry] = {}
    for line in lines:
        entry = _parsed(line)
        if entry is not None:
            entries[entry.output] = entry
    return entries


def _parsed(line: bytes) -> Entry | None:
    """One line; None for one that a crash cut off, which says nothing that is not found out again."""
    try:
        values = json.loads(line)
        known = {name: values[name] for name in Entry.__dataclass_fields__ if name in values}
        return Entry(**known)
    except (ValueError, TypeError):
        return None
