"""Every fault in turn while frames run: each frame shown is itself, the original as long as the fault lasts, and the
enhancement comes back by itself as fast as the policy says."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.attack.live.faulty_parts import (
    BITS,
    ENGINE_FAULTS,
    FULL_DISK,
    SLOW,
    STREAM_FAULTS,
    Faults,
    FaultyEngine,
    FaultyOutlet,
    FaultySource,
    SmallDisk,
    WatchingWindow,
)
from benchmarks.attack.outcome import SURVIVED, Row
from benchmarks.attack.sick_disks import NoFileSystemsError, small_file_system
from eid_stream.flow.outlet import Outlet
from eid_stream.flow.pipeline import Pipeline
from eid_stream.flow.stats import Stats
from eid_stream.live.bypass_latch import BypassLatch, BypassPolicy
from eid_stream.live.live_dehazer import LiveDehazer
from eid_stream.sinks.stream.retrying import RetryingSink
from eid_stream.sources.live.reconnecting import ReconnectingSource

FRAMES, FAULTS = "live frames with faults", "faults while live, one after the other"
POLICY = BypassPolicy(healthy_seconds=0.5, longest_healthy_seconds=1.0)
FAULT_SECONDS = 0.6
RETURN_SECONDS = 20.0
"""The longest healthy time, a look that ends after three seconds, and much patience for a machine with other work."""
FIRST_SECONDS = 200.0
"""Likewise until everything is compiled."""
SETTLED_FRAMES = 2
_LOOK_SECONDS = 0.02


class LiveAttack:
    """A live run with a window, a stream and a recording on a small disk, and one fault after the other."""

    def __init__(self, disk: Path | None) -> None:
        """Start it; without a disk nothing is recorded."""
        self.faults, self._engine, stats = Faults(), FaultyEngine(), Stats()
        self.died: list[BaseException] = []
        numbers = iter(range(1, 1 << BITS))
        source = ReconnectingSource(
            lambda: FaultySource(self.faults, numbers),
            stall_seconds=1.0,
            first_pause_seconds=0.05,
            longest_pause_seconds=0.1,
        )
        self._dehazer = LiveDehazer(lambda: self._engine, BypassLatch(POLICY), stats=stats)
        outlets = [
            Outlet("window", WatchingWindow(self.faults)),
            _retried("stream", lambda _: FaultyOutlet(self.faults)),
        ]
        self._disk = None if disk is None else SmallDisk(disk)
        if self._disk is not None:
            outlets.append(_retried("recording", self._disk.open_recording))
        self._pipeline = Pipeline(source, self._dehazer.dehaze, outlets, stats=stats, grace_seconds=5.0)
        self._runner = threading.Thread(target=self._run, daemon=True)
        self._runner.start()
        self._wait_for_enhancement(time.monotonic(), FIRST_SECONDS)

    @property
    def is_alive(self) -> bool:
        """Whether frames still run."""
        return self._runner.is_alive()

    def inject(self, kind: str) -> str:
        """One fault for a while, then none until the picture is enhanced again; the symptom, or ``SURVIVED``."""
        began = time.monotonic()
        self._begin(kind)
        time.sleep(FAULT_SECONDS)
        must_hide = kind in ENGINE_FAULTS and kind not in SLOW
        hidden = not must_hide or self._comes(lambda: self._is_original_since(began))
        bitten = kind != FULL_DISK or self._comes(self._is_disk_refusing)
        silent = kind in STREAM_FAULTS[:2]
        goes_on = silent or self._comes(lambda: self._is_shown_since(began))
        self._end(kind)
        if not hidden:
            return "lost: the original was not shown"
        if not bitten:
            return "lost: a full disk was not noticed"
        if not goes_on:
            return "hung: no frame was shown while it lasted"
        if kind == FULL_DISK and not self._is_recorded_again():
            return "lost: nothing was recorded any more"
        return self._wait_for_enhancement(time.monotonic(), RETURN_SECONDS)

    def stop(self) -> None:
        """End the run in good order."""
        self._pipeline.stop()
        self._runner.join(30)
        self._dehazer.close()

    def _run(self) -> None:
        try:
            self._pipeline.run()
        except BaseException as error:
            self.died.append(error)

    def _begin(self, kind: str) -> None:
        self._engine.fault, self.faults.now = ENGINE_FAULTS.get(kind), kind
        if kind == FULL_DISK and self._disk is not None:
            self._refused_before = self._disk.refused
            self._disk.fill()

    def _end(self, kind: str) -> None:
        self._engine.fault, self.faults.now = None, ""
        if kind == FULL_DISK and self._disk is not None:
            self._disk.empty()

    def _is_disk_refusing(self) -> bool:
        return self._disk is not None and self._disk.refused > self._refused_before

    def _is_recorded_again(self) -> bool:
        assert self._disk is not None
        disk, before = self._disk, self._disk.taken
        return self._comes(lambda: disk.taken > before)

    def _is_shown_since(self, began: float) -> bool:
        return bool(self.faults.shown) and self.faults.shown[-1][0] >= began

    def _is_original_since(self, began: float) -> bool:
        """Whether the newest frame is the original while the fault lasts."""
        shown = self.faults.shown
        return bool(shown) and shown[-1][0] > began and not shown[-1][1]

    def _wait_for_enhancement(self, since: float, patience_seconds: float) -> str:
        shown = self.faults.shown

        def is_back() -> bool:
            return sum(dehazed for at, dehazed in shown[-SETTLED_FRAMES:] if at > since) == SETTLED_FRAMES

        return (
            SURVIVED
            if self._comes(is_back, patience_seconds)
            else f"slow: not enhanced again after {patience_seconds:g} s"
        )

    def _comes(self, happened: Callable[[], bool], patience_seconds: float = RETURN_SECONDS) -> bool:
        until = time.monotonic() + patience_seconds
        while time.monotonic() < until:
            if happened():
                return True
            time.sleep(_LOOK_SECONDS)
        return False


def attack_all(
    folder: Path, *, until: Callable[[], bool], kinds: Sequence[str] = (*ENGINE_FAULTS, *STREAM_FAULTS, FULL_DISK)
) -> tuple[Row, Row]:
    """Every fault in turn, again and again; one row of frames, one of faults with how the enhancement came back."""
    tried = Row(FAULTS)
    with ExitStack() as opened:
        try:
            disk: Path | None = opened.enter_context(small_file_system(folder / "disk"))
        except NoFileSystemsError:
            disk, kinds = None, [kind for kind in kinds if kind != FULL_DISK]
        run = LiveAttack(disk)
        opened.callback(run.stop)
        while not until() and run.is_alive:
            for kind in kinds:
                tried.note(run.inject(kind), kind)
                if until() or not run.is_alive:
                    break
        run.stop()
    return _frames_of(run), tried


def _retried(name: str, open_sink: Callable[..., FaultyOutlet | SmallDisk]) -> Outlet:
    sink = RetryingSink(open_sink, first_pause_seconds=0.05, longest_pause_seconds=0.1)
    return Outlet(name, sink, essential=False)


def _frames_of(run: LiveAttack) -> Row:
    frames = Row(FRAMES)
    frames.tried = len(run.faults.shown)
    for wrong in run.faults.wrong + [f"died: {error}" for error in run.died]:
        frames.symptoms[wrong.partition(":")[0] if wrong.startswith("lost: picture") else wrong] += 1
        frames.examples.setdefault(wrong, wrong)
    return frames
