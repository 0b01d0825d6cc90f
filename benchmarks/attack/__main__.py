"""``python -m benchmarks.attack --minutes 30``: every attack for its share of the time, and one table.

With ``--tally FILE`` a long attack is made in pieces: the counts of all pieces add up in that file.
"""

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType

from benchmarks.attack import fuzzed_files, kills, sick_disks
from benchmarks.attack.addresses import leaks
from benchmarks.attack.command_worker import CommandWorker
from benchmarks.attack.live import live_faults
from benchmarks.attack.outcome import Row, table
from benchmarks.attack.servers import rounds
from benchmarks.attack.tally import Tally

SHARES = {"files": 0.4, "kills": 0.2, "live": 0.15, "servers": 0.1, "addresses": 0.1, "disks": 0.05}
"""How the time is divided. An attack that knows an end may take less than its share."""
NUMBERED = {"files": fuzzed_files, "kills": kills}
"""Attacks whose inputs follow from numbers."""


def main() -> None:
    """Attack for so many minutes and print the table for people, then one line of JSON for machines."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory(prefix="attack-") as folder:
        if arguments.again:
            print(_again(arguments.again, Path(folder)) or "survived")
            return
        tally = Tally(arguments.tally)
        for name in arguments.only:
            _timed(name, arguments, Path(folder), tally)
    rows = tally.rows.values()
    print(table(rows))
    print(json.dumps({row.attack: {"tried": row.tried, "survived": row.survived} for row in rows}))
    for row in rows:
        for symptom, example in row.examples.items():
            inputs = ", ".join([example, *row.later.get(symptom, ())])
            print(f"{row.attack}: {symptom}: {row.symptoms[symptom]}x, first {inputs}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="for all attacks together")
    parser.add_argument("--only", nargs="*", choices=SHARES, default=list(SHARES), help="these attacks")
    parser.add_argument("--first", type=int, help="number of the first damaged file (0 with --tally, else random)")
    parser.add_argument("--tally", type=Path, help="add to the counts in this file, and go on from them")
    parser.add_argument("--workers", type=int, default=1, help="damaged files and kills tried at once")
    parser.add_argument("--again", default="", help="one damaged file as the table names it, such as MP4:123")
    return parser.parse_args()


def _timed(name: str, arguments: argparse.Namespace, folder: Path, tally: Tally) -> None:
    work = folder / name
    work.mkdir()
    share = SHARES[name] / sum(SHARES[each] for each in arguments.only)
    end = time.monotonic() + 60.0 * arguments.minutes * share
    first = arguments.first
    if first is None:
        first = 0 if arguments.tally else random.randrange(10**6)
    until = partial(_is_past, end)
    if name in NUMBERED:
        _number(NUMBERED[name], work, first, until, arguments.workers, tally)
    else:
        for row in _attack(name, work, until):
            tally.add(row)


def _number(attack: ModuleType, work: Path, first: int, until: Callable[[], bool], workers: int, tally: Tally) -> None:
    first += tally.tried(attack.CALLED)
    attack.attack_all(work, first=first, note=partial(tally.note, attack.CALLED), until=until, workers=workers)
    tally.keep()


def _is_past(end: float) -> bool:
    return time.monotonic() > end


def _attack(name: str, work: Path, until: Callable[[], bool]) -> list[Row]:
    if name == "live":
        return list(live_faults.attack_all(work, until=until))
    return [_attack_host(name, work, until)]


def _attack_host(name: str, work: Path, until: Callable[[], bool]) -> Row:
    if name == "servers":
        return rounds.attack_all(rounds=10, until=until)
    if name == "addresses":
        return leaks.attack_all(work, until=until)
    return sick_disks.attack_all(work, rounds=10, until=until)


def _again(name: str, folder: Path) -> str:
    container, _, number = name.partition(":")
    worker = CommandWorker(time_limit_seconds=fuzzed_files.TIME_LIMIT_SECONDS)
    work = folder / "work"
    work.mkdir()
    try:
        return fuzzed_files.attack(
            fuzzed_files.Fuzzed(container, int(number)), fuzzed_files.write_seeds(folder), work, worker
        )
    finally:
        worker.close()


if __name__ == "__main__":
    main()
