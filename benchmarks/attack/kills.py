"""Runs killed with SIGKILL at any moment: what lies on the disk then plays, and a finished file stays what it was."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from benchmarks.attack.at_once import tried_at_once
from benchmarks.attack.command_worker import ROOT
from benchmarks.attack.outcome import SURVIVED
from benchmarks.attack.playing import pictures
from eid_stream.core.leash import LEASH, STANDARD_INPUT

CALLED = "SIGKILL while a file is written"
ENDLESS = "phantom:?size=320x240&frames=0"
EXTENSIONS = ("mp4", "mkv", "mov")
LATEST_SECONDS = 6.0
STARTED_SECONDS = 300.0


def attack(extension: str, number: int, folder: Path) -> str:
    """Kill one conversion over a finished file; the symptom, or ``SURVIVED``."""
    chance = random.Random(number)
    out = folder / f"out.{extension}"
    part = folder / f"out.{extension}.part"
    out.write_bytes(b"finished before")
    part.unlink(missing_ok=True)
    command = [sys.executable, "-m", "eid_stream", "--source", ENDLESS, "--out", str(out), "--overwrite"]
    with subprocess.Popen(
        [*command, "--engine", "prior"], cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=os.environ | {LEASH: STANDARD_INPUT},  # who attacks may be ended, too
    ) as process:  # fmt: skip
        begun = _wait_for_bytes(part, process)
        time.sleep(chance.uniform(0.0, LATEST_SECONDS))
        size = part.stat().st_size if part.exists() else 0
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    if not begun:
        return "hung before the first byte"
    if out.read_bytes() != b"finished before":
        return "lost the finished file"
    return SURVIVED if size < 20_000 or pictures(part) else f"lost a part of {size // 1000} kB that does not play"


def attack_all(
    folder: Path, *, first: int, note: Callable[[str, str], None], until: Callable[[], bool], workers: int = 1
) -> None:
    """Kill runs into three containers in turn, from number ``first`` on, and ``note`` what became of each."""

    @contextmanager
    def attacker(number: int) -> Iterator[Callable[[tuple[str, int]], str]]:
        work = folder / f"work{number}"
        work.mkdir(exist_ok=True)
        yield lambda run: attack(*run, work)

    runs = ((EXTENSIONS[number % 3], number) for number in count(first))
    inputs = ((f"{extension}:{number}", (extension, number)) for extension, number in runs)
    tried_at_once(inputs, attacker, note=note, until=until, workers=workers)


def _wait_for_bytes(path: Path, process: "subprocess.Popen[bytes]") -> bool:
    until = time.monotonic() + STARTED_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if path.exists() and path.stat().st_size:
            return True
        time.sleep(0.05)
    return False
