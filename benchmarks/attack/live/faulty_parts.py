"""The parts of a live run that do wrong when they are told to, and a window that looks at every frame."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import numpy as np

from benchmarks.attack.sick_disks import fill
from eid_stream.core.engine_card import EngineCard
from eid_stream.core.errors import EngineRunError, SinkWriteError, SourceReadError
from eid_stream.core.frame import PIXEL_LAYOUTS, Colour, Frame, StreamInfo
from eid_stream.core.haze_maps import GAIN_LUMA, HazeMaps
from eid_stream.core.thumbnail import Thumbnail
from eid_stream.sinks.file.recorder import Recorder

RATE = 120
_LAYOUT = PIXEL_LAYOUTS["yuv420p"]
_TIME_BASE = Fraction(1, 1_000_000)
_WIDTH, _HEIGHT, BITS = 160, 48, 20
INFO = StreamInfo("faulty", _WIDTH, _HEIGHT, _LAYOUT, Colour(), _TIME_BASE, live=True, nominal_rate=Fraction(RATE))


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
FULL_DISK = "the disk is full"
"""Only where file systems can be mounted."""


class Faults:
    """The fault of the moment, by name; empty while all is well."""

    def __init__(self) -> None:
        self.now = ""
        self.shown: list[tuple[float, bool]] = []
        """When each frame was shown, and whether it was dehazed."""
        self.wrong: list[str] = []


class FaultySource:
    """Numbered pictures in real time; breaks off, falls silent or turns back its clock as the fault has it."""

    def __init__(self, faults: Faults, number: Iterator[int]) -> None:
        self._faults = faults
        self._number = number
        self._closed = threading.Event()

    info = INFO

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
        """End whoever iterates."""
        self._closed.set()


class WatchingWindow:
    """The window: looks at every frame that is shown."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._last = -1

    def write(self, frame: Frame) -> None:
        """Look at it."""
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


class FaultyOutlet:
    """Raises or hangs as the fault has it."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def write(self, frame: Frame) -> None:
        """Take it, or not."""
        del frame
        if self._faults.now == "an outlet raises":
            raise SinkWriteError("nobody receives")
        while self._faults.now == "an outlet hangs":
            time.sleep(0.01)

    def close(self) -> None:
        """Nothing is open."""


class SmallDisk:
    """A recording on a disk of its own, which is full while the fault lasts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.taken = 0
        """Frames that were recorded so far."""
        self.refused = 0
        """How often the disk took no more."""

    def open_recording(self, first: Frame) -> "SmallDisk":
        """Begin a file; what was recorded before is thrown away."""
        del first
        self.empty()
        self._recorder = Recorder(
            self._folder / "recording.mkv", INFO, codec="h264", preset="ultrafast", overwrite=True
        )
        return self

    def write(self, frame: Frame) -> None:
        """Record it."""
        try:
            self._recorder.write(frame)
        except SinkWriteError:
            self.refused += 1
            raise
        self.taken += 1

    def close(self) -> None:
        """End the file."""
        self._recorder.close()

    def fill(self) -> None:
        """Not a byte is free any more."""
        fill(self._folder / "filling")

    def empty(self) -> None:
        """Everything is gone."""
        for path in self._folder.iterdir():
            with suppress(OSError):
                path.unlink()


def numbered(number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A picture with its number as pairs of stripes, whose order survives any smooth correction."""
    y, cb, cr = (np.full(shape, 128, np.uint8) for shape in _LAYOUT.plane_shapes(_WIDTH, _HEIGHT))
    for bit in range(BITS):
        high = number >> bit & 1
        y[:, 8 * bit : 8 * bit + 4], y[:, 8 * bit + 4 : 8 * bit + 8] = (150, 90) if high else (90, 150)
    return y, cb, cr


def number_of(luma: np.ndarray) -> int:
    """What ``numbered`` wrote, from a corrected picture, too."""
    stripes = luma.astype(float).mean(axis=0).reshape(BITS, 2, 4).mean(axis=2)
    return sum(1 << bit for bit in range(BITS) if stripes[bit, 0] > stripes[bit, 1])
