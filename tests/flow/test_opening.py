"""Opening in a thread of its own: taken once, or closed."""

import threading
import time

import pytest

from eid_stream.flow.opening import Opening


class Thing:
    """Something that was opened; knows whether it was closed."""

    def __init__(self) -> None:
        self.closed = threading.Event()

    def close(self) -> None:
        self.closed.set()


def test_what_was_opened_is_waited_for_and_not_closed_when_it_was_taken() -> None:
    thing = Thing()

    def slowly() -> Thing:
        time.sleep(0.05)
        return thing

    opening = Opening(slowly)
    assert opening.take() is thing
    opening.abandon()
    assert not thing.closed.is_set()


def test_what_nobody_takes_is_closed_also_when_it_comes_later() -> None:
    early, late, may_come = Thing(), Thing(), threading.Event()

    def when_allowed() -> Thing:
        assert may_come.wait(5)
        return late

    done = Opening(lambda: early)
    assert done.is_done_within(5)
    done.abandon()
    assert early.closed.is_set()
    waiting = Opening(when_allowed)
    waiting.abandon()
    assert not late.closed.is_set()
    may_come.set()
    assert late.closed.wait(5)


def test_whoever_asks_is_told_why_it_could_not_be_opened() -> None:
    def refused() -> Thing:
        raise PermissionError("not for you")

    opening = Opening(refused)
    with pytest.raises(PermissionError, match="not for you"):
        opening.take()


def test_what_does_not_come_in_time_is_not_waited_for() -> None:
    may_come = threading.Event()

    def when_allowed() -> Thing:
        may_come.wait(5)
        return Thing()

    opening = Opening(when_allowed)
    assert not opening.is_done_within(0.02)
    may_come.set()
    opening.abandon()
