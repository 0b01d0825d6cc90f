"""One video of an archive: a process of its own, which may fail, hang up or be killed without harm to the others."""

import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eid_stream.archive.manifest import Entry
from eid_stream.core.errors import SinkOpenError

Settings = dict[str, Any]
"""The options that make the picture, by the names of their flags; true stands for a flag without a value."""

_SHARE = re.compile(r" (\d+)%, ")
_UNFINISHED = ".unfinished."
_SAYS = "eid-stream: "
_LAST_WORDS = 40


@dataclass(frozen=True, slots=True)
class FileTask:
    """What is to be done with one video. Plain values, so that it can be sent to another machine."""

    source: Path
    output: Path
    """Where the finished file goes."""
    relative: str
    """Its name in the manifest."""
    settings: Settings

    @property
    def unfinished(self) -> Path:
        """Where the file grows: hidden, beside its place, and moved there when it is whole.

        The name is this process's own: what a killed run has left at work cannot meet a later one.
        """
        return self.output.with_name(f"{_UNFINISHED}{os.getpid()}.{self.output.name}")


class FileRun:
    """A task at work. ``stop`` may be called from any thread."""

    def __init__(self, task: FileTask, tell: Callable[[float], None] = lambda _: None) -> None:
        """``tell`` hears how much is done, in [0, 1]."""
        self._task = task
        self._tell = tell
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._stopped = False
        self._words: list[str] = []

    def run(self) -> Entry:
        """Do the work and say how it went; whatever goes wrong becomes an entry in state ``failed``."""
        began = time.monotonic()
        entry = started_entry(self._task)
        try:
            entry = replace(entry, **source_facts(self._task.source))
            facts = self._convert()
        except Exception as error:  # one video must never end the run of all others
            sentence = " ".join(str(error).split()) or type(error).__name__
            return replace(entry, state="failed", sentence=sentence, written_at=time.time())
        return replace(
            entry, state="done", **facts, wall_seconds=round(time.monotonic() - began, 1), written_at=time.time()
        )

    def stop(self) -> None:
        """End the work in good order; what was written is thrown away, and made again by the next run."""
        with self._lock:
            self._stopped = True
            if self._process is not None and self._process.poll() is None:
                self._process.send_signal(signal.SIGINT)

    def _convert(self) -> dict[str, Any]:
        clean_up(self._task)
        self._task.output.parent.mkdir(parents=True, exist_ok=True)
        statistics = self._task.unfinished.with_suffix(".json")
        try:
            status = self._wait(statistics)
            if status != 0:
                raise SinkOpenError(self._sentence(status))
            facts = _facts(json.loads(statistics.read_text(encoding="utf-8")))
            self._task.unfinished.replace(self._task.output)
            return facts
        finally:
            clean_up(self._task)

    def _wait(self, statistics: Path) -> int:
        with self._lock:
            if self._stopped:
                raise SinkOpenError("Stopped before it began.")
            self._process = subprocess.Popen(
                [*command(self._task), "--stats", str(statistics)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                start_new_session=True,  # a Ctrl-C of the terminal comes to us alone
            )
        with self._process as process:
            assert process.stderr is not None
            for line in process.stderr:
                self._hear(line)
        return process.returncode

    def _hear(self, line: str) -> None:
        share = _SHARE.search(line)
        if share:
            self._tell(int(share[1]) / 100)
        elif line.strip():
            self._words = [*self._words[-_LAST_WORDS:], line.strip()]

    def _sentence(self, status: int) -> str:
        if self._stopped:
            return "Stopped; the next run makes it anew."
        said = [words.removeprefix(_SAYS) for words in self._words if words.startswith(_SAYS)]
        if said:
            return said[-1]
        how = f"signal {signal.Signals(-status).name}" if status < 0 else f"status {status}"
        return f"The process ended with {how}. Its last words: {' '.join(self._words[-1:]) or 'none'}"


def command(task: FileTask) -> list[str]:
    """The command line that makes the output."""
    flags: list[str] = []
    for name, value in task.settings.items():
        flags += [f"--{name}"] if value is True else [f"--{name}", str(value)]
    return [
        *(sys.executable, "-m", "eid_stream"),
        *("--source", os.path.abspath(task.source), "--out", os.path.abspath(task.unfinished)),  # noqa: PTH100
        *flags,
    ]


def started_entry(task: FileTask) -> Entry:
    """What the manifest says of a task that begins."""
    return Entry(
        output=task.relative,
        source=str(task.source.resolve()),
        state="running",
        settings=task.settings,
        worker=f"{socket.gethostname()}:{os.getpid()}",
        written_at=time.time(),
    )


def source_facts(source: Path) -> dict[str, Any]:
    """Size and SHA-256 of a source, as the manifest keeps them."""
    with source.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"source_bytes": source.stat().st_size, "source_sha256": digest}


def clean_up(task: FileTask) -> None:
    """Remove what an unfinished run has left."""
    name = re.escape(task.output.stem)
    ours = re.compile(rf"{re.escape(_UNFINISHED)}\d+\.{name}\.\w+(\.part)?")
    for leftover in task.output.parent.glob(f"{_UNFINISHED}*"):
        if ours.fullmatch(leftover.name):
            leftover.unlink(missing_ok=True)


def _facts(statistics: dict[str, Any]) -> dict[str, Any]:
    return {
        "engine": statistics["engine"],
        "frames": statistics["frames"],
        "video_seconds": statistics["video_seconds"],
        "haze_per_second": statistics.get("haze_per_second", []),
        "sentence": " ".join(statistics.get("damage", [])),
    }
