"""The one bounded passage between two threads."""

import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import Generic, Literal, TypeVar

WhenFull = Literal["wait", "drop_oldest"]

Item = TypeVar("Item")


class Handoff(Generic[Item]):
    """Carries items in order from the thread that puts to the thread that takes; ``None`` is not an item.

    A full handoff makes the giver wait (``wait``: files, nothing is lost) or throws the oldest item away and counts
    it (``drop_oldest``: live, nothing is late). The end of the stream travels behind the last item. So does a
    failure on its way to the taker, while a giver learns of it at once: what was captured before a fault is
    still written, and nobody works for a stage that is gone.
    """

    def __init__(self, *, capacity: int, when_full: WhenFull = "wait") -> None:
        """Hold at most ``capacity`` items."""
        if capacity < 1:
            raise ValueError(f"a handoff holds at least one item, not {capacity}")
        self._capacity = capacity
        self._drops_oldest = when_full == "drop_oldest"
        self._items: deque[Item] = deque()
        self._changed = threading.Condition()
        self._ended = False
        self._abandoned = False
        self._failure: BaseException | None = None
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """Number of items that were put and will never be taken."""
        return self._dropped

    @property
    def over(self) -> bool:
        """True when no item is left and none will come."""
        with self._changed:
            return not self._items and (self._ended or self._failure is not None)

    def put(self, item: Item) -> bool:
        """Hand an item over; False when the passage has ended and nobody wants any more of them.

        Raises:
            BaseException: whatever ``fail`` was given.
        """
        with self._changed:
            while self._must_wait():
                self._changed.wait()
            if self._failure is not None:
                raise self._failure
            if self._ended:
                return False
            self._store(item)
            return True

    def take(self, timeout_seconds: float | None = None) -> Item | None:
        """Receive the next item; None when the stream has ended or, with a time limit, nothing came in time.

        Raises:
            BaseException: whatever ``fail`` was given, after the items that were put before it.
        """
        deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        with self._changed:
            while not (self._items or self._ended or self._failure is not None):
                if not self._changed.wait(None if deadline is None else deadline - time.monotonic()):
                    return None
            if self._items:
                self._changed.notify_all()
                return self._items.popleft()
            if self._failure is not None:
                raise self._failure
            return None

    def __iter__(self) -> Iterator[Item]:
        """Take until the stream ends; a generator would hold on to the latest item."""
        return iter(self.take, None)

    def end(self) -> None:
        """Say that no item will follow; those already put are still taken."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def fail(self, failure: BaseException) -> None:
        """Break the passage: every waiter wakes; the first failure is the one that travels."""
        with self._changed:
            if self._failure is None:
                self._failure = failure
            self._changed.notify_all()

    def abandon(self) -> None:
        """Say that nobody will take again: the giver goes on unhindered and what he puts counts as dropped."""
        with self._changed:
            self._abandoned = True
            self._dropped += len(self._items)
            self._items.clear()
            self._changed.notify_all()

    def _must_wait(self) -> bool:
        full = len(self._items) >= self._capacity
        return full and not (self._drops_oldest or self._ended or self._failure is not None)

    def _store(self, item: Item) -> None:
        if self._abandoned:
            self._dropped += 1
            return
        if len(self._items) >= self._capacity:
            self._items.popleft()
            self._dropped += 1
        self._items.append(item)
        self._changed.notify_all()
