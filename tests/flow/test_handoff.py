import threading
from collections.abc import Callable
from typing import Any

import pytest

from eid_stream.flow.handoff import Handoff

pytestmark = pytest.mark.timeout(20)


def started(call: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    """A thread that is given 50 ms to reach its waiting point, and the list its outcome goes to."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(call())
        except Exception as error:
            outcome.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(0.05)
    return thread, outcome


def test_a_thousand_items_arrive_once_and_in_order_through_two_places() -> None:
    handoff: Handoff[int] = Handoff(capacity=2)

    def give() -> None:
        for item in range(1000):
            handoff.put(item)
        handoff.end()

    giver = threading.Thread(target=give)
    giver.start()
    assert list(handoff) == list(range(1000))
    giver.join()
    assert handoff.dropped == 0
    assert handoff.over


def test_a_full_waiting_handoff_holds_the_giver_until_an_item_is_taken() -> None:
    handoff: Handoff[int] = Handoff(capacity=1)
    handoff.put(1)
    thread, outcome = started(lambda: handoff.put(2))
    assert thread.is_alive()
    assert handoff.take() == 1
    thread.join(5)
    assert outcome == [True]
    assert handoff.take() == 2


def test_a_full_live_handoff_keeps_the_newest_items_and_counts_the_others() -> None:
    handoff: Handoff[int] = Handoff(capacity=2, when_full="drop_oldest")
    for item in range(5):
        assert handoff.put(item)
    handoff.end()
    assert list(handoff) == [3, 4]
    assert handoff.dropped == 3


def test_the_end_travels_behind_the_last_item_and_closes_the_passage() -> None:
    handoff: Handoff[int] = Handoff(capacity=3)
    handoff.put(1)
    handoff.end()
    assert not handoff.over
    assert handoff.put(2) is False
    assert handoff.take() == 1
    assert handoff.take() is None
    assert handoff.over


def test_a_failure_reaches_the_taker_after_the_items_and_the_giver_at_once() -> None:
    handoff: Handoff[int] = Handoff(capacity=3)
    handoff.put(1)
    handoff.fail(OSError("disk"))
    handoff.fail(ValueError("a consequence"))
    with pytest.raises(OSError, match="disk"):
        handoff.put(2)
    assert handoff.take() == 1
    with pytest.raises(OSError, match="disk"):
        handoff.take()


@pytest.mark.parametrize("waits", ["put", "take"])
@pytest.mark.parametrize("event", ["end", "fail"])
def test_every_waiter_wakes_when_the_passage_ends_or_breaks(waits: str, event: str) -> None:
    handoff: Handoff[int] = Handoff(capacity=1)
    if waits == "put":
        handoff.put(0)
    waiters = [started((lambda: handoff.put(1)) if waits == "put" else handoff.take) for _ in range(3)]
    assert all(thread.is_alive() for thread, _ in waiters)
    failure = OSError("gone")
    handoff.end() if event == "end" else handoff.fail(failure)
    for thread, outcome in waiters:
        thread.join(5)
        assert outcome == [failure if event == "fail" else (False if waits == "put" else None)]


def test_an_abandoned_handoff_never_holds_the_giver_and_counts_what_is_lost() -> None:
    handoff: Handoff[int] = Handoff(capacity=1)
    handoff.put(0)
    thread, outcome = started(lambda: handoff.put(1))
    handoff.abandon()
    thread.join(5)
    assert outcome == [True]
    assert handoff.put(2)
    assert handoff.dropped == 3


def test_taking_with_a_time_limit_returns_empty_handed_but_not_over() -> None:
    handoff: Handoff[int] = Handoff(capacity=1)
    assert handoff.take(timeout_seconds=0.01) is None
    assert handoff.take(timeout_seconds=0) is None
    assert not handoff.over
    handoff.put(5)
    assert handoff.take(timeout_seconds=0) == 5


def test_a_handoff_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one item, not 0"):
        Handoff[int](capacity=0)
