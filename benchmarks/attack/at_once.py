"""Inputs tried by several attackers at once: on a machine that is shared, one alone waits most of the time."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import TypeVar

Tried = TypeVar("Tried")


def tried_at_once(
    inputs: Iterable[tuple[str, Tried]],
    attacker: Callable[[int], AbstractContextManager[Callable[[Tried], str]]],
    *,
    note: Callable[[str, str], None],
    until: Callable[[], bool],
    workers: int,
) -> None:
    """Tell ``note`` the symptom and the name of every input, or of as many as there is time for.

    What is taken up is finished, so that the inputs that were tried are the first ones without a gap. ``attacker``
    opens what tries one input after the other, by its number among ``workers``.
    """
    left, lock = iter(inputs), threading.Lock()

    def next_input() -> tuple[str, Tried] | None:
        with lock:
            return None if until() else next(left, None)

    def work(number: int) -> None:
        with attacker(number) as attack:
            while (taken := next_input()) is not None:
                symptom = attack(taken[1])
                with lock:
                    note(symptom, taken[0])

    with ThreadPoolExecutor(workers) as pool:
        for ended in [pool.submit(work, number) for number in range(workers)]:
            ended.result()
