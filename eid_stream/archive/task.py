"""What is to be done with one video of an archive, and where it is done."""

import hashlib
import os
import shutil
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eid_stream.archive.manifest import Entry
from eid_stream.core.errors import SinkWriteError

Settings = dict[str, Any]
"""The options that make the picture, by the names of their flags; true stands for a flag without a value, a list for
one that is repeated."""

_UNFINISHED = ".unfinished."


@dataclass(frozen=True, slots=True)
class FileTask:
    """What is to be done with one video. Plain values, so that it can be sent to another machine."""

    source: Path
    output: Path
    """Where the finished file goes, or the folder of its pictures."""
    relative: str
    """Its name in the manifest."""
    settings: Settings

    @property
    def makes_pictures(self) -> bool:
        """Whether the output is a folder of pictures."""
        return "frames" in self.settings

    @property
    def unfinished(self) -> Path:
        """Where the output grows: hidden, beside its place, and moved there when it is whole.

        The name stays from run to run, so that the next one goes on with what a killed one has left.
        """
        return self.output.with_name(f"{_UNFINISHED}{self.output.name}")

    def command(self) -> list[str]:
        """The command line that makes the output."""
        flags: list[str] = []
        for name, value in self.settings.items():
            for one in value if isinstance(value, list) else [value]:
                flag = f"--{name.replace('_', '-')}"
                flags += [flag] if one is True else [flag, str(one)]
        return [
            *(sys.executable, "-m", "eid_stream"),
            *("--source", os.path.abspath(self.source), "--out", os.path.abspath(self.unfinished)),  # noqa: PTH100
            *("--overwrite", *flags),
        ]

    def begun(self) -> Entry:
        """What the manifest says of a task that begins."""
        return Entry(
            output=self.relative,
            source=str(self.source.resolve()),
            state="running",
            settings=self.settings,
            worker=f"{socket.gethostname()}:{os.getpid()}",
            written_at=time.time(),
        )

    def source_facts(self) -> dict[str, Any]:
        """Size and SHA-256 of the source, as the manifest keeps them."""
        with self.source.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return {"source_bytes": self.source.stat().st_size, "source_sha256": digest}

    def publish(self) -> None:
        """Move the finished output to its place.

        Raises:
            SinkWriteError: it cannot be moved.
        """
        try:
            if self.makes_pictures:
                shutil.rmtree(self.output, ignore_errors=True)  # of other settings, or of another source
                next(self.unfinished.iterdir()).rename(self.output)
            else:
                self.unfinished.replace(self.output)
        except (OSError, StopIteration) as error:
            raise SinkWriteError(f"Cannot move {self.unfinished} to {self.output}: {error}.") from error

    def clean_up(self) -> None:
        """Remove what is left when the output has its place."""
        if self.makes_pictures:
            shutil.rmtree(self.unfinished, ignore_errors=True)
        self.statistics.unlink(missing_ok=True)

    def discard_finished(self) -> None:
        """Remove an output that is whole and yet no success; one that is not whole can be gone on with."""
        if not self.makes_pictures:
            self.unfinished.unlink(missing_ok=True)

    @property
    def statistics(self) -> Path:
        """Where the process says what it did."""
        return self.output.with_name(f"{_UNFINISHED}{self.output.name}.json")
