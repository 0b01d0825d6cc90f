"""Every fault in turn while frames run: each frame shown is itself, the original as long as the fault lasts, and the
enhancement comes back by itself as fast as the policy says."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

import numpy as np

from benchmarks.attack.outcome import SURVIVED, Row
from eid_stream.core.engine_card import EngineCard
from eid_stream.core.errors import EngineRunError, SinkWriteError, SourceReadError
from eid_stream.core.frame import PIXEL_LAYOUTS, Colour, Frame, StreamInfo
from eid_stream.core.haze_maps import GAIN_LUMA, HazeMaps
from eid_stream.core.thumbnail import Thumbnail
from eid_stream.flow.pipeline import Outlet, Pipeline
from eid_stream.flow.stats import Stats
from eid_stream.live.bypass_latch import BypassLatch, BypassPolicy
from eid_stream.live.live_dehazer import LiveDehazer
from eid_stream.sinks.stream.retrying import RetryingSink
from eid_stream.sources.live.reconnecting import ReconnectingSource

RATE = 60
POLICY = BypassPolicy(healthy_seconds=0.5, longest_healthy_seconds=1.0)
FAULT_SECONDS = 0.6
RETURN_SECONDS = 20.0
"""The longest healthy time, a look that ends after three seconds, and much patience for a machine with other work."""
FIRST_SECONDS = 200.0
"""Likewise until everything is compiled."""
SETTLED_FRAMES = 2
_LAYOUT = PIXEL_LAYOUTS["yuv420p"]
_TIME_BASE = Fraction(1, 1_000_000)
_WIDTH, _HEIGHT, _BITS = 128, 48, 16


class FaultyEngine:
    """Answers with one and the same haze, or as the fault of the moment has it."""

    card = EngineCard("faulty", "1", "test", 64, 48, 2, 2)

    def __init__(self) -> None:
        self.fault: Callable[[], HazeMaps] | None = None

    def estimate(self, thumbnail: Thumbnail) -> HazeMaps:
        """Maps, or worse."""
        del thumbnail
        fault = self.fault
        return haze() if fault is None else fault()

    def reset(self) -> None:
        """Nothing to forget."""

    def close(self) -> None:
        """Nothing to release."""


def haze() -> HazeMaps:
    """Maps that change every picture a little."""
    values = HazeMaps.identity().values
    values[GAIN_LUMA] = 1.1
    return HazeMaps(values, 0.5)


def _raises(error: Exception) -> Callable[[], HazeMaps]:
    def fault() -> HazeMaps:
        raise error

    return fault


def _answers(values: np.ndarray) -> Callable[[], HazeMaps]:
    return lambda: HazeMaps(values.astype(np.float32), 0.5)


def _sleeps(seconds: float) -> Callable[[], HazeMaps]:
    def fault() -> HazeMaps:
        time.sleep(seconds)
        return haze()

    return fault


ENGINE_FAULTS: dict[str, Callable[[], HazeMaps]] = {
    "the engine raises its own error": _raises(EngineRunError("the device is lost")),
    "the engine raises any error": _raises(ZeroDivisionError()),
    "the engine has no memory": _raises(MemoryError()),
    "maps that are no numbers": _answers(np.full((5, 2, 2), np.nan)),
    "maps out of range": _answers(np.full((5, 2, 2), 50.0)),
    "maps of another shape": _answers(np.ones((3, 2, 2))),
    "an engine that is late": _sleeps(0.4),
    "an engine that hangs": _sleeps(2.6),
}
SLOW = ("an engine that is late", "an engine that hangs")
"""Faults during which frames go on with the maps there are, as long as these are not too old."""
STREAM_FAULTS = (
    "the source breaks off",
    "the source falls silent",
    "the clock runs backwards",
    "an outlet raises",
    "an outlet hangs",
)


class Faults:
    """The fault of the moment, by name; empty while all is well."""

    def __init__(self) -> None:
        self.now = ""
        self.shown: list[tuple[float, bool]] = []
        """When each frame was shown, and whether it was dehazed."""
        self.wrong: list[str] = []


class _Source:
    """Numbered pictures in real time; breaks off, falls silent or turns back its clock as the fault has it."""

    def __init__(self, faults: Faults, number: Iterator[int]) -> None:
        self._faults = faults
        self._number = number
        self._closed = threading.Event()

    @property
    def info(self) -> StreamInfo:
        return StreamInfo(
            "faulty", _WIDTH, _HEIGHT, _LAYOUT, Colour(), _TIME_BASE, live=True, nominal_rate=Fraction(RATE)
        )

    def __iter__(self) -> Iterator[Frame]:
        for index in self._number:
            if self._closed.wait(1 / RATE):
                return
            if self._faults.now == "the source breaks off":
                raise SourceReadError("the cable is out")
            while self._faults.now == "the source falls silent" and not self._closed.wait(0.01):
                pass
            now_ns = time.monotonic_ns()
            backwards = self._faults.now == "the clock runs backwards" and index % 2
            pts = now_ns // 1000 - (60_000_000 if backwards else 0)
            yield Frame(numbered(index), _LAYOUT, Colour(), pts, _TIME_BASE, index, now_ns)

    def close(self) -> None:
        self._closed.set()


class _Checker:
    """The window: looks at every frame that is shown."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._last = -1

    def write(self, frame: Frame) -> None:
        expected, shown = number_of(frame.captured.planes[0]), number_of(frame.planes[0])
        if shown != expected:
            self._faults.wrong.append(f"lost: picture {shown} in the place of {expected}")
        if shown <= self._last:
            self._faults.wrong.append("lost: an old picture was shown again")
        if not frame.state.dehazed and any(
            not np.array_equal(a, b) for a, b in zip(frame.planes, numbered(expected), strict=True)
        ):
            self._faults.wrong.append("lost: an original that is not as captured")
        self._last = shown
        self._faults.shown.append((time.monotonic(), frame.state.dehazed))

    def close(self) -> None:
        """Nothing is open."""


class _Outlet:
    """Raises or hangs as the fault has it."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def write(self, frame: Frame) -> None:
        del frame
        if self._faults.now == "an outlet raises":
            raise SinkWriteError("nobody receives")
        while self._faults.now == "an outlet hangs":
            time.sleep(0.01)

    def close(self) -> None:
        """Nothing is open."""


def numbered(number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A picture with its number as pairs of stripes, whose order survives any smooth correction."""
    y, cb, cr = (np.full(shape, 128, np.uint8) for shape in _LAYOUT.plane_shapes(_WIDTH, _HEIGHT))
    for bit in range(_BITS):
        high = number >> bit & 1
        y[:, 8 * bit : 8 * bit + 4], y[:, 8 * bit + 4 : 8 * bit + 8] = (150, 90) if high else (90, 150)
    return y, cb, cr


def number_of(luma: np.ndarray) -> int:
    """What ``numbered`` wrote, from a corrected picture, too."""
    stripes = luma.astype(float).mean(axis=0).reshape(_BITS, 2, 4).mean(axis=2)
    return sum(1 << bit for bit in range(_BITS) if stripes[bit, 0] > stripes[bit, 1])


def attack_all(
    *, until: Callable[[], bool], kinds: Sequence[str] = (*ENGINE_FAULTS, *STREAM_FAULTS)
) -> tuple[Row, Row]:
    """Every fault in turn, again and again; one row of frames, one of faults with how the enhancement came back."""
    faults, engine, stats = Faults(), FaultyEngine(), Stats()
    numbers = iter(range(1, 1 << _BITS))
    source = ReconnectingSource(
        lambda: _Source(faults, numbers), stall_seconds=1.0, first_pause_seconds=0.05, longest_pause_seconds=0.1
    )
    dehazer = LiveDehazer(lambda: engine, BypassLatch(POLICY), stats=stats)
    retrying = RetryingSink(lambda _: _Outlet(faults), first_pause_seconds=0.05, longest_pause_seconds=0.1)
    outlets = [Outlet("window", _Checker(faults)), Outlet("stream", retrying, essential=False)]
    pipeline = Pipeline(source, dehazer.dehaze, outlets, stats=stats, grace_seconds=5.0)
    ended: list[BaseException] = []
    runner = threading.Thread(target=_run, args=(pipeline, ended), daemon=True)
    runner.start()
    tried = Row("faults while live, one after the other")
    try:
        _wait_for_enhancement(faults, time.monotonic(), FIRST_SECONDS)
        while not until() and runner.is_alive():
            for kind in kinds:
                tried.note(_one(kind, faults, engine), kind)
                if until() or not runner.is_alive():
                    break
    finally:
        pipeline.stop()
        runner.join(30)
        dehazer.close()
    frames = Row("live frames with faults")
    frames.tried = len(faults.shown)
    for wrong in faults.wrong + [f"died: {error}" for error in ended]:
        frames.symptoms[wrong.partition(":")[0] if wrong.startswith("lost: picture") else wrong] += 1
        frames.examples.setdefault(wrong, wrong)
    return frames, tried


def _run(pipeline: Pipeline, ended: list[BaseException]) -> None:
    try:
        pipeline.run()
    except BaseException as error:
        ended.append(error)


def _one(kind: str, faults: Faults, engine: FaultyEngine) -> str:
    """One fault for a while, then none until the picture is enhanced again."""
    engine.fault, faults.now = ENGINE_FAULTS.get(kind), kind
    began = time.monotonic()
    time.sleep(FAULT_SECONDS)
    hidden = kind in ENGINE_FAULTS and kind not in SLOW and not _is_shown_within(faults, began, RETURN_SECONDS)
    behind = kind.startswith("an outlet") and not any(at >= began for at, _ in list(faults.shown))
    engine.fault, faults.now = None, ""
    if hidden or behind:
        return "lost: the original was not shown" if hidden else "hung behind an outlet"
    return _wait_for_enhancement(faults, time.monotonic(), RETURN_SECONDS)


def _is_shown_within(faults: Faults, since: float, patience_seconds: float) -> bool:
    """Whether the newest frame is the original while the fault lasts."""
    while time.monotonic() < since + patience_seconds:
        if faults.shown and faults.shown[-1][0] > since and not faults.shown[-1][1]:
            return True
        time.sleep(0.02)
    return False


def _wait_for_enhancement(faults: Faults, since: float, patience_seconds: float) -> str:
    while time.monotonic() < since + patience_seconds:
        if sum(dehazed for at, dehazed in faults.shown[-SETTLED_FRAMES:] if at > since) == SETTLED_FRAMES:
            return SURVIVED
        time.sleep(0.02)
    return f"slow: not enhanced again after {patience_seconds:g} s"
