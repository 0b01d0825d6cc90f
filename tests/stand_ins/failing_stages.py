"""Sources and sinks that count, fail, stall or hang on purpose."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np

from eid_stream.core.errors import SinkWriteError, SourceReadError
from eid_stream.core.frame import DEHAZED, PIXEL_LAYOUTS, Colour, Frame, StreamInfo

LAYOUT = PIXEL_LAYOUTS["yuv420p"]
TIME_BASE = Fraction(1, 25)
NEVER = 1 << 30


def make_frame(index: int) -> Frame:
    """A grey picture of 32x16 pixels with its index in every luma sample."""
    shapes = LAYOUT.plane_shapes(32, 16)
    y, cb, cr = (np.full(shape, value, np.uint8) for shape, value in zip(shapes, (index % 256, 128, 128), strict=True))
    return Frame((y, cb, cr), LAYOUT, Colour(), index, TIME_BASE, index, time.monotonic_ns())


def dehazed(frame: Frame) -> Frame:
    """What a dehaze stage answers that changes nothing."""
    return replace(frame, state=DEHAZED, original=frame)


class CountingSource:
    """Frames of 32x16 pixels, ``fails_at`` one of them, or stalled for ever at ``stalls_at`` one of them."""

    def __init__(
        self,
        count: int = 20,
        *,
        live: bool = False,
        fails_at: int = NEVER,
        stalls_at: int = NEVER,
        wakes_on_close: bool = True,
        interval_seconds: float = 0.0,
    ) -> None:
        self.info = StreamInfo("counting:", 32, 16, LAYOUT, Colour(), TIME_BASE, live=live, frame_count=count)
        self.count, self.fails_at, self.stalls_at = count, fails_at, stalls_at
        self.wakes_on_close, self.interval_seconds = wakes_on_close, interval_seconds
        self.closed = threading.Event()

    def __iter__(self) -> Iterator[Frame]:
        for index in range(self.count):
            if index == self.fails_at:
                raise SourceReadError("the cable is cut")
            if index == self.stalls_at:
                (self.closed if self.wakes_on_close else threading.Event()).wait()
                return
            time.sleep(self.interval_seconds)
            yield make_frame(index)

    def close(self) -> None:
        self.closed.set()


class CollectingSink:
    """Remembers the indices it was given; fails or hangs at a write counted from 0, or fails at close."""

    def __init__(
        self,
        *,
        fails_at: int = NEVER,
        hangs_at: int = NEVER,
        fails_at_close: bool = False,
        seconds_per_frame: float = 0.0,
    ) -> None:
        self.fails_at, self.hangs_at, self.fails_at_close = fails_at, hangs_at, fails_at_close
        self.seconds_per_frame = seconds_per_frame
        self.indices: list[int] = []
        self.hangs = self.closed = False

    def write(self, frame: Frame) -> None:
        if len(self.indices) == self.fails_at:
            raise SinkWriteError("the disk is full")
        if len(self.indices) == self.hangs_at:
            self.hangs = True
            threading.Event().wait()
        time.sleep(self.seconds_per_frame)
        self.indices.append(frame.index)

    def close(self) -> None:
        self.closed = True
        if self.fails_at_close:
            raise SinkWriteError("the disk is full at the end")
