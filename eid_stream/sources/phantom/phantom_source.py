"""The phantom: a synthetic operation with smoke whose true clear picture is known."""

import threading
import time
from collections.abc import Iterator

from eid_stream.core.frame import Frame, Planes, StreamInfo
from eid_stream.sources.phantom.address import parse_phantom_address
from eid_stream.sources.phantom.frame_number import read_frame_number
from eid_stream.sources.phantom.picture import PhantomPainter

__all__ = ["PhantomSource", "read_frame_number"]


class PhantomSource:
    """A source that paints its frames: moving tissue, two instruments, drifting smoke; see ``phantom_address.py``.

    Frames are in BT.709 and carry their number, which equals their ``pts``, in the lower left corner
    (``read_frame_number``). With ``realtime=1`` frames come by the clock like a camera's: the source is live, and
    numbers that nobody was there to take are left out.
    """

    def __init__(self, address: str) -> None:
        """Read the address and paint what does not change.

        Raises:
            ConfigError: the address has an unknown option or a bad value.
        """
        self._options = parse_phantom_address(address)
        self._painter = PhantomPainter(self._options)
        self._closed = threading.Event()
        width, height = self._options.size
        rate, count = self._options.rate, self._options.frames or None
        self._info = StreamInfo(
            address=address,
            width=width,
            height=height,
            layout=self._painter.code_values.layout,
            colour=self._painter.code_values.colour,
            time_base=1 / rate,
            live=self._options.realtime,
            nominal_rate=rate,
            duration_seconds=float(count / rate) if count else None,
            frame_count=count,
        )

    @property
    def info(self) -> StreamInfo:
        """What is known before the first frame."""
        return self._info

    def truth(self, number: int) -> Planes:
        """The clear picture behind the frame whose ``pts`` is ``number``: the same but for the smoke."""
        return self._painter.clear(number)

    def __iter__(self) -> Iterator[Frame]:
        """Yield frames in order, by the clock if the source is live."""
        started_ns = time.monotonic_ns()
        index = number = 0
        while not self._closed.is_set() and (not self._options.frames or number < self._options.frames):
            planes = self._painter.smoky(number)
            if self._options.realtime:
                self._await(started_ns + self._due_ns(number))
            if self._closed.is_set():
                return
            yield self._frame(planes, number, index)
            index += 1
            number = self._following(number, started_ns)

    def close(self) -> None:
        """End the stream; a thread that waits for a frame returns at once."""
        self._closed.set()

    def _frame(self, planes: Planes, number: int, index: int) -> Frame:
        for plane in planes:
            plane.flags.writeable = False
        return Frame(
            planes=planes,
            layout=self._painter.code_values.layout,
            colour=self._painter.code_values.colour,
            pts=number,
            time_base=self._info.time_base,
            index=index,
            captured_ns=time.monotonic_ns(),
            duration=1,
        )

    def _due_ns(self, number: int) -> int:
        return int(number * 1_000_000_000 / self._options.rate)

    def _await(self, due_ns: int) -> None:
        self._closed.wait(max(0.0, (due_ns - time.monotonic_ns()) * 1e-9))

    def _following(self, number: int, started_ns: int) -> int:
        """The next number; a live one that is over already is skipped, as a camera does not wait."""
        if not self._options.realtime:
            return number + 1
        now = (time.monotonic_ns() - started_ns) * self._options.rate / 1_000_000_000
        return max(number + 1, int(now))
