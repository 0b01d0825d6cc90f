"""An archive run: what is left to do, done by several processes at once, and told."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from eid_stream.archive.discovery import ArchiveVideo
from eid_stream.archive.file_run import FileRun
from eid_stream.archive.manifest import Entry, Manifest
from eid_stream.archive.task import FileTask, Settings

TELL_SECONDS = 5.0


class Run(Protocol):
    """A task at work, here or on another machine."""

    def run(self) -> Entry:
        """Do the work and say how it went; never raises."""
        ...

    def stop(self) -> None:
        """End it in good order, from any thread."""
        ...


Begin = Callable[[FileTask, Callable[[float], None]], Run]
"""Makes a run of a task; the run tells how much is done, in [0, 1]."""


@dataclass(slots=True)
class Plan:
    """What an archive run finds: tasks to do, and outputs that are done already."""

    tasks: list[FileTask] = field(default_factory=list)
    done: list[Entry] = field(default_factory=list)


def plan(videos: list[ArchiveVideo], out: Path, settings: Settings, manifest: Manifest) -> Plan:
    """Decide what is left: everything but outputs that are there, made of the same source with the same settings."""
    found = Plan()
    for video in videos:
        task = FileTask(video.source, out / video.relative, video.relative.as_posix(), settings)
        entry = manifest[task.relative]
        if entry is not None and _is_done(entry, task):
            found.done.append(entry)
        else:
            found.tasks.append(task)
    return found


def _is_done(entry: Entry, task: FileTask) -> bool:
    return (
        entry.state == "done"
        and task.output.exists()
        and entry.settings == task.settings
        and entry.source_bytes == task.source.stat().st_size
    )


def counted(videos: int) -> str:
    """As in ``1 video`` or ``3 videos``."""
    return f"{videos} video{'' if videos == 1 else 's'}"


class ArchiveRun:
    """Works through tasks, ``jobs`` at a time; one that fails is noted and the rest goes on."""

    def __init__(
        self, manifest: Manifest, *, jobs: int, say: Callable[[str], None] = lambda _: None, begin: Begin = FileRun
    ) -> None:
        """``say`` hears now and then how far it is, and of each failure."""
        self._manifest = manifest
        self._jobs = jobs
        self._say = say
        self._begin = begin
        self._lock = threading.Lock()
        self._runs: dict[str, Run] = {}
        self._shares: dict[str, float] = {}
        self._stopped = False

    def run(self, tasks: list[FileTask]) -> list[Entry]:
        """Do all of them and return what became of each that was begun; an exception, Ctrl-C say, stops in order."""
        finished: list[Entry] = []
        began = time.monotonic()
        with ThreadPoolExecutor(self._jobs, thread_name_prefix="archive") as pool:
            waiting = {pool.submit(self._do, task) for task in tasks}
            try:
                while waiting:
                    ended, waiting = wait(waiting, timeout=TELL_SECONDS, return_when=FIRST_COMPLETED)
                    finished += self._note(ended)
                    self._tell(len(tasks), finished, time.monotonic() - began)
            except BaseException:
                self.stop()
                self._note(wait(waiting).done)
                raise
        return finished

    def stop(self) -> None:
        """End in good order: nothing new begins, what is at work is stopped and taken up again by the next run."""
        with self._lock:
            self._stopped = True
            runs = list(self._runs.values())
        for run in runs:
            run.stop()

    def _do(self, task: FileTask) -> Entry | None:
        run = self._begin(task, lambda share: self._shares.update({task.relative: share}))
        with self._lock:
            if self._stopped:
                return None
            self._runs[task.relative] = run
            self._manifest.write(task.begun())
        return run.run()

    def _note(self, ended: set[Future[Entry | None]]) -> list[Entry]:
        entries = [entry for future in ended if (entry := future.result()) is not None]
        for entry in entries:
            with self._lock:
                self._runs.pop(entry.output, None)
                self._shares.pop(entry.output, None)
                self._manifest.write(entry)
            if entry.state == "failed":
                self._say(f"{entry.output}: {entry.sentence}")
        return entries

    def _tell(self, total: int, finished: list[Entry], elapsed_seconds: float) -> None:
        if self._stopped:  # whoever stopped it tells the end
            return
        shares = dict(self._shares)
        done = len(finished) + sum(shares.values())
        left = f", about {_clock(elapsed_seconds * (total - done) / done)} left" if 0 < done < total else ""
        at_work = ", ".join(f"{name} {share:.0%}" for name, share in sorted(shares.items()))
        self._say(f"{len(finished)} of {counted(total)}{left}{': ' + at_work if at_work else ''}")


def _clock(seconds: float) -> str:
    minutes, whole = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{whole:02d}"
