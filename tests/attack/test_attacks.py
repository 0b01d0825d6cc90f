"""A small part of ``python -m benchmarks.attack`` in every test run: always the same inputs."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Barrier

import pytest

from benchmarks.attack import fuzzed_files, kills, sick_disks
from benchmarks.attack.addresses import leaks
from benchmarks.attack.addresses.leaking_addresses import KINDS
from benchmarks.attack.at_once import tried_at_once
from benchmarks.attack.command_worker import CommandWorker, Done
from benchmarks.attack.outcome import SURVIVED, Row, table
from benchmarks.attack.tally import Tally

OUTLETS = (
    "password without a host",
    "RTMP stream key",
    "RTSP password",
    "password with a space",
    "SRT passphrase",
    "half a host of version 6",
)

FILES = ("SFTP", "one slash", "no scheme", "as for scp", "FFmpeg's crypto", "a host of its own in a file address")


@pytest.fixture(scope="module")
def worker() -> Iterator[CommandWorker]:
    working = CommandWorker(time_limit_seconds=100.0)
    yield working
    working.close()


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return fuzzed_files.write_seeds(tmp_path_factory.mktemp("seeds"))


@pytest.mark.parametrize("number", range(18))
def test_a_damaged_file_is_read_or_refused(
    worker: CommandWorker, seeds: dict[str, bytes], tmp_path: Path, number: int
) -> None:
    fuzzed = fuzzed_files.Fuzzed(list(seeds)[number % len(seeds)], number)
    assert fuzzed_files.attack(fuzzed, seeds, tmp_path, worker) == SURVIVED


def test_several_attackers_try_every_input_once_and_without_a_gap() -> None:
    tried: list[int] = []
    together = Barrier(2)

    @contextmanager
    def attacker(_: int) -> Iterator[Callable[[int], str]]:
        together.wait(10)

        def attack(number: int) -> str:
            tried.append(number)
            return SURVIVED

        yield attack

    inputs = ((str(number), number) for number in count())
    noted: list[tuple[str, str]] = []

    tried_at_once(inputs, attacker, note=lambda *told: noted.append(told), until=lambda: len(tried) >= 100, workers=2)
    assert sorted(tried) == list(range(len(noted)))
    assert sorted(noted) == sorted((SURVIVED, str(number)) for number in tried)


def test_damage_follows_from_its_number(seeds: dict[str, bytes]) -> None:
    one, other = fuzzed_files.Fuzzed("MP4", 6), fuzzed_files.Fuzzed("MP4", 12)
    assert fuzzed_files.damaged(seeds["MP4"], one) == fuzzed_files.damaged(seeds["MP4"], one)
    assert fuzzed_files.damaged(seeds["MP4"], one) != fuzzed_files.damaged(seeds["MP4"], other)


@pytest.mark.parametrize(("role", "kinds"), [("file", FILES), ("mistake", KINDS), ("setting", KINDS)])
def test_no_role_lets_a_secret_out(worker: CommandWorker, tmp_path: Path, role: str, kinds: Sequence[str]) -> None:
    symptoms = {kind: leaks.attack(kind, role, tmp_path, worker) for kind in kinds}
    assert {kind: symptom for kind, symptom in symptoms.items() if symptom} == {}


@pytest.mark.parametrize("kind", OUTLETS)
def test_no_outlet_and_no_source_lets_a_secret_out(worker: CommandWorker, tmp_path: Path, kind: str) -> None:
    assert leaks.attack(kind, "outlet", tmp_path, worker) == SURVIVED
    assert leaks.attack(kind, "source", tmp_path, worker) == SURVIVED


@pytest.mark.parametrize("name", sick_disks.ATTACKS)
def test_a_sick_file_system_ends_a_run_with_its_status(worker: CommandWorker, tmp_path: Path, name: str) -> None:
    try:
        assert sick_disks.attack(name, tmp_path, worker) == SURVIVED
    except sick_disks.NoFileSystemsError:
        pytest.skip("file systems can only be mounted by root")


@pytest.mark.parametrize("extension", ["mp4", "mkv"])
def test_a_run_that_is_killed_leaves_what_plays_and_the_finished_file(tmp_path: Path, extension: str) -> None:
    assert kills.attack(extension, 1, tmp_path) == SURVIVED


def test_a_process_that_dies_or_hangs_is_told_and_replaced(tmp_path: Path) -> None:
    """By a worker that gets something else to run than the command."""
    dying = CommandWorker(time_limit_seconds=1.0, module="tests.attack.sick_command")
    try:
        assert dying.run("abort") == "died with status -6"
        assert dying.run("hang") == "hung"
        done = dying.run("answer")
        assert isinstance(done, Done)
        assert done.status == 7
    finally:
        dying.close()


def test_the_table_tells_the_worst_symptom_and_how_to_see_it_again() -> None:
    row = Row("files")
    for symptom, example in (("", "a"), ("slow", "b"), ("died with status -11", "c"), ("slow", "d")):
        row.note(symptom, example)
    assert (row.tried, row.survived) == (4, 1)
    assert table([row]).splitlines()[-1] == "| files | 4 | 1 | died with status -11 (1x, first: `c`) |"


def test_the_counts_of_pieces_add_up_and_their_numbers_go_on(tmp_path: Path) -> None:
    for example in ("a", "b"):
        piece = Row("files")
        piece.note("", example)
        piece.note("slow", example)
        Tally(tmp_path / "tally.json").add(piece)
    whole = Tally(tmp_path / "tally.json")
    assert whole.tried("files") == 4
    assert (whole.rows["files"].survived, whole.rows["files"].examples) == (2, {"slow": "a"})
    assert whole.rows["files"].later == {"slow": ["b"]}
