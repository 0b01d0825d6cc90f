"""File systems that are full, read-only, or taken away under a run: it ends with its status and a sentence."""

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks.attack.command_worker import CommandWorker, Done
from benchmarks.attack.outcome import SURVIVED, Row
from benchmarks.attack.playing import pictures

SMALL_MIB = 2
TIME_LIMIT_SECONDS = 240.0
SOURCE = ("--source", "phantom:?size=640x360", "--engine", "prior", "--quality", "5")
Attack = Callable[[Path, CommandWorker], Done | str]


class NoFileSystemsError(Exception):
    """File systems cannot be mounted here: that takes root."""


@contextmanager
def small_file_system(folder: Path) -> Iterator[Path]:
    """A file system of its own of ``SMALL_MIB``.

    Raises:
        NoFileSystemsError: it cannot be mounted.
    """
    folder.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_MIB}m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        raise NoFileSystemsError
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], capture_output=True, check=False)


def fill(path: Path) -> None:
    """Write to a file until the disk takes no more."""
    with suppress(OSError), path.open("wb", buffering=0) as filling:
        while True:
            filling.write(bytes(4096))


def full(disk: Path, worker: CommandWorker) -> Done | str:
    """It fills up while a file is written."""
    return worker.run(*SOURCE, "--duration", "60", "--out", str(disk / "out.mkv"))


def full_from_the_start(disk: Path, worker: CommandWorker) -> Done | str:
    """Not a byte is free."""
    fill(disk / "filling")
    return worker.run(*SOURCE, "--duration", "2", "--out", str(disk / "out.mkv"))


def full_for_statistics(disk: Path, worker: CommandWorker) -> Done | str:
    """The video goes nowhere, and what is said of it finds no room."""
    (disk / "filling").write_bytes(bytes(SMALL_MIB << 20))
    return worker.run(*SOURCE, "--duration", "1", "--out", "null:", "--stats", str(disk / "stats.json"))


def read_only(disk: Path, worker: CommandWorker) -> Done | str:
    """Nothing can be written there."""
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    return worker.run(*SOURCE, "--duration", "2", "--out", str(disk / "out.mkv"))


def becomes_read_only(disk: Path, worker: CommandWorker) -> Done | str:
    """As disks do that fail: no more writing from one moment on. A file that is open keeps that from tmpfs: a try."""
    remount = ["mount", "-o", "remount,ro", str(disk)]
    threading.Timer(0.5, lambda: subprocess.run(remount, capture_output=True, check=False)).start()
    return worker.run(*SOURCE, "--duration", "2", "--out", str(disk / "out.mkv"))


def taken_away(disk: Path, worker: CommandWorker) -> Done | str:
    """The folder is gone from its place while a file is written into it."""
    umount = ["umount", "--lazy", str(disk)]
    threading.Timer(0.5, lambda: subprocess.run(umount, capture_output=True, check=False)).start()
    return worker.run(*SOURCE, "--duration", "4", "--out", str(disk / "out.mkv"))


ATTACKS: dict[str, tuple[Attack, tuple[int, ...]]] = {
    "full after a while": (full, (5,)),
    "full from the start": (full_from_the_start, (5,)),
    "full for statistics": (full_for_statistics, (5,)),
    "read-only": (read_only, (5,)),
    "read-only from one moment on": (becomes_read_only, (0, 5)),
    "taken away": (taken_away, (0, 5)),
}
"""Attacks with the statuses that tell the truth."""


def attack(name: str, folder: Path, worker: CommandWorker) -> str:
    """Run one attack; the symptom, or ``SURVIVED``.

    Raises:
        NoFileSystemsError: not possible here.
    """
    run, endings = ATTACKS[name]
    with small_file_system(folder / "disk") as disk:
        done = run(disk, worker)
        if isinstance(done, str):
            return done
        if "Traceback" in done.said or "unexpected fault" in done.said:
            return f"said an unexpected fault: {done.said.strip().splitlines()[-1][:90]}"
        if done.status not in endings:
            return f"said status {done.status}"
        if name == "full after a while" and not pictures(disk / "out.mkv.part"):
            return "lost what was written before"
    return SURVIVED


def attack_all(folder: Path, *, rounds: int = 1, until: Callable[[], bool] = lambda: False) -> Row:
    """Every attack in turn; none where file systems cannot be mounted."""
    row, worker = Row("sick file systems"), CommandWorker(time_limit_seconds=TIME_LIMIT_SECONDS)
    try:
        for name in [name for _ in range(rounds) for name in ATTACKS]:
            if until():
                break
            row.note(attack(name, folder, worker), name)
            time.sleep(0.1)
    except NoFileSystemsError:
        pass
    finally:
        worker.close()
    return row
