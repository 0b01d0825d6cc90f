"""Capture, dehaze and every outlet, each in its own thread, with one bounded handoff between any two."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from time import perf_counter_ns

from eid_stream.core.errors import SinkWriteError
from eid_stream.core.frame import Frame
from eid_stream.core.interfaces import Lossy, Source
from eid_stream.flow.handoff import Handoff, WhenFull
from eid_stream.flow.outlet import Outlet
from eid_stream.flow.patience import Patience
from eid_stream.flow.stats import Stats

CAPTURE = "capture"
PREPARE = "look ahead"
DEHAZE = "dehaze"
CLOSING = "closing the source"
WINDOW = "window"

Window = Callable[[Handoff[Frame]], None]
"""Takes frames in the main thread until the handoff is over; returning earlier ends the run in good order."""

Prepare = Callable[[Iterable[Frame]], Iterator[Frame]]
"""Looks at the frames of a file ahead of their correction: the same frames in the same order come out."""

_SOURCE_PATIENCE_SECONDS = 1.0
"""How long a source may take to notice that nobody wants another frame, before it is closed from outside."""
_TICK_SECONDS = 0.05


class Pipeline:
    """Runs a source through the dehaze stage into its outlets, once.

    Files never drop a frame and live streams never wait. The first failure of any stage ends all of them: what was
    captured before a fault of the source is still written, everybody else stops at once, every sink is closed.
    """

    def __init__(
        self,
        source: Source,
        dehaze: Callable[[Frame], Frame],
        outlets: Sequence[Outlet],
        *,
        stats: Stats,
        prepare: Prepare | None = None,
        grace_seconds: float = 10.0,
    ) -> None:
        """Connect the stages; nothing runs yet. Names of outlets differ.

        ``prepare`` runs in a thread of its own between capture and dehaze. ``grace_seconds`` is how long a run that is
        to end waits while nothing gets on; then it leaves behind whatever is stuck.
        """
        self._source = source
        self._prepare = prepare
        self._dehaze = dehaze
        self._outlets = tuple(outlets)
        self._stats = stats
        self._grace_seconds = grace_seconds
        self._live = source.info.live
        self._captured = self._handoff(1)
        self._prepared = self._captured if prepare is None else self._handoff(1)
        if len({outlet.name for outlet in self._outlets}) < len(self._outlets):
            raise ValueError(f"two outlets have one name: {[outlet.name for outlet in self._outlets]}")
        self._passages = {outlet.name: self._handoff(outlet.capacity) for outlet in self._outlets}
        self._ended: SimpleQueue[str] = SimpleQueue()
        self._lock = threading.Lock()
        self._failure: BaseException | None = None
        self._stopped = False
        self._closing = False
        self._finishing: set[str] = set()
        self.lost: dict[str, BaseException] = {}
        """Outlets that are not essential and failed while others went on, and why."""

    def run(self, window: Window | None = None) -> None:
        """Run until the stream ends, is stopped or fails. ``window`` runs in the calling thread, the rest in others.

        Raises:
            BaseException: the first failure of any stage.
        """
        if window is not None:
            self._passages[WINDOW] = self._handoff(1)
        running = {CAPTURE, DEHAZE, *(outlet.name for outlet in self._outlets)}
        self._start(CAPTURE, lambda: self._guard(self._capture, then_fail=(self._captured,)))
        if self._prepare is not None:
            running.add(PREPARE)
            self._start(PREPARE, lambda: self._guard(self._prepare_all, then_fail=(self._prepared,)))
        self._start(DEHAZE, lambda: self._guard(self._dehaze_all))
        for outlet in self._outlets:
            self._start(outlet.name, partial(self._run_outlet, outlet))
        if window is not None:
            self._show(window)
        self._leave_behind(self._await(running))
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """End the capture in good order, from any thread: what was captured is dehazed, written and finished."""
        self._stopped = True
        self._captured.end()

    def _capture(self) -> None:
        frames = iter(self._source)
        waited = self._stats.stage(CAPTURE)
        while True:
            before = perf_counter_ns()
            frame = next(frames, None)
            if frame is None:
                break
            waited.record(perf_counter_ns() - before)
            if not self._captured.put(frame):
                break
            self._stats.captured += 1
            self._stats.dropped[DEHAZE] = self._captured.dropped
            del frame  # here as below: who waits for a frame holds none, for a large one is 12 MB
        self._captured.end()

    def _prepare_all(self) -> None:
        assert self._prepare is not None
        for frame in self._prepare(self._captured):
            self._prepared.put(frame)
            del frame
        self._prepared.end()

    def _dehaze_all(self) -> None:
        for frame in self._prepared:
            result = self._dehazed(frame)
            del frame
            for name, passage in self._passages.items():
                passage.put(result)
                self._stats.dropped[name] = passage.dropped
            del result
        for passage in self._passages.values():
            passage.end()

    def _dehazed(self, frame: Frame) -> Frame:
        with self._stats.timed(DEHAZE):
            result = self._dehaze(frame)
        if not result.state.dehazed:
            self._stats.bypass(result.state.why)
        return result

    def _run_outlet(self, outlet: Outlet) -> None:
        passage = self._passages[outlet.name]
        self._guard(lambda: self._write_all(outlet, passage), outlet=outlet)
        self._finishing.add(outlet.name)
        self._guard(outlet.sink.close, outlet=outlet)

    def _write_all(self, outlet: Outlet, passage: Handoff[Frame]) -> None:
        self._stats.stage(f"capture to {outlet.name}")
        lossy = outlet.sink if isinstance(outlet.sink, Lossy) else None
        for frame in passage:
            with self._stats.timed(outlet.name):
                outlet.sink.write(frame)
            self._stats.wrote(outlet.name, frame, missed=0 if lossy is None else lossy.missed)
            del frame

    def _show(self, window: Window) -> None:
        passage = self._passages[WINDOW]
        self._guard(lambda: window(passage))
        passage.abandon()
        self.stop()

    def _guard(
        self,
        stage: Callable[[], None],
        *,
        outlet: Outlet | None = None,
        then_fail: Sequence[Handoff[Frame]] | None = None,
    ) -> None:
        """Run a stage; whatever it raises is kept and breaks every passage, or only those of ``then_fail``."""
        try:
            stage()
        except BaseException as failure:
            if outlet is None or not self._lose(outlet, failure):
                everywhere = (self._captured, self._prepared, *self._passages.values())
                self._fail(failure, everywhere if then_fail is None else then_fail)

    def _fail(self, failure: BaseException, passages: Sequence[Handoff[Frame]]) -> None:
        with self._lock:
            if self._failure is None:
                self._failure = failure
        for passage in passages:
            passage.fail(failure)
        self._ended.put("")

    def _lose(self, outlet: Outlet, failure: BaseException) -> bool:
        """Go on without an outlet; False when that is not possible, or the failure is not its own."""
        with self._lock:
            others = self._passages.keys() - self.lost.keys() - {outlet.name}
            if outlet.essential or failure is self._failure or not others:
                return False
            self.lost.setdefault(outlet.name, failure)
        self._stats.fault(f"{outlet.name}: {failure}")
        self._passages[outlet.name].abandon()
        return True

    def _start(self, name: str, stage: Callable[[], None]) -> None:
        def run() -> None:
            stage()
            self._ended.put(name)

        threading.Thread(target=run, name=name, daemon=True).start()

    def _await(self, running: set[str]) -> set[str]:
        """Wait for every stage; returns those that are stuck in a run that is to end."""
        patience = Patience(self._grace_seconds)
        while running:
            with suppress(Empty):
                running.discard(self._ended.get(timeout=_TICK_SECONDS))
            if CAPTURE not in running or patience.ending_seconds > min(_SOURCE_PATIENCE_SECONDS, self._grace_seconds):
                self._close_source(running)
            spent = patience.spent_seconds(self._progress(running), ending=self._is_ending(running))
            if spent > patience.allowed_seconds(finishing=running <= self._finishing):
                break
        return running

    def _is_ending(self, running: set[str]) -> bool:
        """Whether nothing may hold the run up any more; a file that is read to its end has all the time it needs."""
        return self._failure is not None or self._stopped or (self._live and CAPTURE not in running)

    def _progress(self, running: set[str]) -> tuple[int, ...]:
        return len(running), len(self._finishing), self._stats.stage(DEHAZE).count, sum(self._stats.written.values())

    def _leave_behind(self, stuck: set[str]) -> None:
        for name in stuck:
            self._stats.fault(f"the {name} stage did not end and was left behind")
        for outlet in self._outlets:
            if outlet.name in stuck:
                self._passages[outlet.name].abandon()
                lost = SinkWriteError(f"{outlet.name} was stuck for {self._grace_seconds:g} s and was left behind.")
                self.lost.setdefault(outlet.name, lost)
                if outlet.essential and self._failure is None:
                    self._failure = lost

    def _close_source(self, running: set[str]) -> None:
        """Once, and in a thread of its own, for that may hang too."""
        if not self._closing:
            self._closing = True
            running.add(CLOSING)
            self._start(CLOSING, lambda: self._guard(self._source.close))

    def _handoff(self, capacity: int) -> Handoff[Frame]:
        when_full: WhenFull = "drop_oldest" if self._live else "wait"
        return Handoff(capacity=capacity, when_full=when_full)
