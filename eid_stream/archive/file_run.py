"""A task at work: a process of its own, which may fail, hang up or be killed without harm to the others."""

import json
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from eid_stream.archive.manifest import Entry, State
from eid_stream.archive.task import FileTask
from eid_stream.core.errors import IN_USE, SinkOpenError
from eid_stream.core.leash import LEASH, STANDARD_INPUT

_SHARE = re.compile(r" (\d+)%, ")
_SAYS = "eid-stream: "
_LAST_WORDS = 40
_PATIENCE_SECONDS, _LOOK_SECONDS = 60.0, 1.0
"""How long the process of a run that was killed, here or on another machine, may take to let go of an output."""


class FileRun:
    """``stop`` may be called from any thread."""

    def __init__(self, task: FileTask, tell: Callable[[float], None] = lambda _: None) -> None:
        """``tell`` hears how much is done, in [0, 1]."""
        self._task = task
        self._tell = tell
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._words: list[str] = []

    def run(self) -> Entry:
        """Do the work and say how it went; whatever goes wrong is in the entry."""
        began = time.monotonic()
        entry = self._task.begun()
        try:
            entry = replace(entry, **self._task.source_facts())
            facts = self._convert()
        except Exception as error:  # one video must never end the run of all others
            sentence = " ".join(str(error).split()) or type(error).__name__
            state: State = "stopped" if self._stopped.is_set() else "failed"
            return replace(entry, state=state, sentence=sentence, written_at=time.time())
        return replace(
            entry, state="done", **facts, wall_seconds=round(time.monotonic() - began, 1), written_at=time.time()
        )

    def stop(self) -> None:
        """End the work in good order; the next run goes on with what was written."""
        with self._lock:
            self._stopped.set()
            if self._process is not None and self._process.poll() is None:
                self._process.send_signal(signal.SIGINT)

    def _convert(self) -> dict[str, Any]:
        task = self._task
        task.output.parent.mkdir(parents=True, exist_ok=True)
        if task.makes_pictures:
            task.clean_up()
        try:
            self._made()
        except SinkOpenError:
            task.discard_finished()
            raise
        facts = _facts(json.loads(task.statistics.read_text(encoding="utf-8")))
        task.publish()
        task.clean_up()
        return facts

    def _made(self) -> None:
        """Have the process do it, once whoever is still at work on the same output has ended."""
        patience = time.monotonic() + _PATIENCE_SECONDS
        while (status := self._wait()) != 0:
            sentence = self._sentence(status)
            if IN_USE not in sentence or time.monotonic() > patience or self._stopped.wait(_LOOK_SECONDS):
                raise SinkOpenError(sentence)

    def _wait(self) -> int:
        self._words = []
        with self._lock:
            if self._stopped.is_set():
                raise SinkOpenError("Stopped before it began.")
            self._process = subprocess.Popen(
                [*self._task.command(), "--stats", str(self._task.statistics)],
                stdin=subprocess.PIPE,  # closed when we end, however that comes: the process ends then, too
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                env=os.environ | {LEASH: STANDARD_INPUT},
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
        if self._stopped.is_set():
            return "Stopped; the next run goes on from there."
        said = [words.removeprefix(_SAYS) for words in self._words if words.startswith(_SAYS)]
        if said:
            return said[-1]
        how = f"signal {signal.Signals(-status).name}" if status < 0 else f"status {status}"
        return f"The process ended with {how}. Its last words: {' '.join(self._words[-1:]) or 'none'}"


def _facts(statistics: dict[str, Any]) -> dict[str, Any]:
    return {
        "engine": statistics["engine"],
        "frames": statistics["frames"],
        "video_seconds": statistics["video_seconds"],
        "haze_per_second": statistics.get("haze_per_second", []),
        "sentence": " ".join(statistics.get("damage", [])),
    }
