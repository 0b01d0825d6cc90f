"""Every kind of address as source, outlet and setting: its secret comes out nowhere."""

from collections.abc import Callable
from pathlib import Path

from benchmarks.attack.addresses.leaking_addresses import KINDS, SECRET, leaks
from benchmarks.attack.command_worker import CommandWorker, Done
from benchmarks.attack.outcome import SURVIVED, Row

TIME_LIMIT_SECONDS = 240.0
LISTENS = ("UDP local address",)
"""Kinds that FFmpeg listens at: nobody sends, and opening takes its ten seconds."""


def as_source(address: str, folder: Path) -> tuple[str, ...]:
    """Read from it."""
    return "--source", address, "--out", "null:", "--no-window", "--stats", str(folder / "stats.json")


def as_outlet(address: str, folder: Path) -> tuple[str, ...]:
    """Send to it, beside an outlet that works, with statistics."""
    source = ("--source", "phantom:?size=64x48&realtime=1", "--live", "--no-window", "--duration", "0.6")
    return (*source, "--out", "null:", f"--also-out={address}", "--stats", str(folder / "stats.json"))


def as_file(address: str, folder: Path) -> tuple[str, ...]:
    """Write to it as if it were a file."""
    return "--source", "phantom:?size=64x48", "--duration", "0.2", f"--out={address}", "--stats", str(folder / "s.json")


def as_mistake(address: str, _: Path) -> tuple[str, ...]:
    """Give it to an option that expects something else."""
    return "--source", "phantom:", f"--strength={address}"


def as_setting(address: str, folder: Path) -> tuple[str, ...]:
    """Write it into a configuration file that has a mistake."""
    (folder / "settings.yaml").write_text(f"source: {address}\nstrength: 'unclosed\n")
    return "--config", str(folder / "settings.yaml")


ROLES = {role.__name__.removeprefix("as_"): role for role in (as_source, as_outlet, as_file, as_mistake, as_setting)}


def attack(kind: str, role: str, folder: Path, worker: CommandWorker) -> str:
    """One address in one role; the symptom, or ``SURVIVED``."""
    arguments = ROLES[role](KINDS[kind].format(SECRET), folder)
    done = worker.run("--engine", "prior", *arguments)
    if not isinstance(done, Done):
        return done
    written = "".join(path.read_text() for path in folder.glob("*.json"))
    for path in folder.glob("*.json"):
        path.unlink()
    if leaks(done.said):
        return "leaked into a message"
    if leaks(written):
        return "leaked into the statistics"
    if "Traceback" in done.said or "unexpected fault" in done.said:
        return f"said an unexpected fault: {done.said.strip().splitlines()[-1][:90]}"
    return SURVIVED


def attack_all(
    folder: Path, *, roles: tuple[str, ...] = tuple(ROLES), until: Callable[[], bool] = lambda: False
) -> Row:
    """Every kind of address in every role."""
    row, worker = Row("addresses with secrets"), CommandWorker(time_limit_seconds=TIME_LIMIT_SECONDS)
    try:
        for role in roles:
            for kind in KINDS:
                if until():
                    break
                if not (role == "source" and kind in LISTENS):
                    row.note(attack(kind, role, folder, worker), f"{role}:{kind}")
    finally:
        worker.close()
    return row
