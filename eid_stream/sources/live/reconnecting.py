"""A live source that never ends: when the signal is lost it is looked for again, for ever, with growing pauses."""

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction

from eid_stream.core.errors import reason_of
from eid_stream.core.frame import Frame, StreamInfo
from eid_stream.core.interfaces import Source
from eid_stream.flow.handoff import Handoff
from eid_stream.sources.damage import Damage, damage_of

logger = logging.getLogger("eid_stream.live")

STALL_SECONDS = 1.5
"""Silence after which a connection is given up."""
FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 5.0
PATIENCE_SECONDS = 12.0
"""How long one attempt to connect may take before the next one is made beside it."""
WAITING_FRAMES = 4
"""Frames of a connection that may wait to be taken; more would only grow old, and fill the memory behind a run that is
held up."""
DRIFT_SECONDS = 1.0
"""Difference between a sender's clock and ours beyond which its time stamps are anchored anew."""


class ReconnectingSource:
    """Frames of one connection after the other on one time line: gaps last as long as they lasted in the room.

    Every connection is opened and read in a thread of its own, so that one that hangs inside a library or a driver is
    left behind. ``trouble`` says in a few words what is wrong while there is no signal, and is empty otherwise.
    """

    def __init__(
        self,
        connect: Callable[[], Source],
        *,
        stall_seconds: float = STALL_SECONDS,
        first_pause_seconds: float = FIRST_PAUSE_SECONDS,
        longest_pause_seconds: float = LONGEST_PAUSE_SECONDS,
    ) -> None:
        """Connect for the first time.

        Raises:
            SourceOpenError: the first connection fails; only a source that has worked once is waited for.
        """
        self._connect = connect
        self._stall_seconds = stall_seconds
        self._first_pause_seconds = first_pause_seconds
        self._longest_pause_seconds = longest_pause_seconds
        self._closed = threading.Event()
        self._first = connect()
        self._info = replace(self._first.info, live=True)
        self._connection: _Connection | None = None
        self._past = Damage()
        self.trouble = ""

    @property
    def info(self) -> StreamInfo:
        """As the first connection announced it."""
        return self._info

    @property
    def damage(self) -> Damage:
        """What was wrong so far, over all connections."""
        told = replace(self._past)
        if self._connection is not None:
            told.add(self._connection.damage)
        return told

    def __iter__(self) -> Iterator[Frame]:
        """Yield frames until ``close``: indices count on, time stamps continue, sizes may change."""
        try:
            yield from self._frames()
        finally:
            self.close()

    def _frames(self) -> Iterator[Frame]:
        time_line = _TimeLine(self._info.time_base)
        first: Source | None = self._first
        pause_seconds = self._first_pause_seconds
        while not self._closed.is_set():
            connection = self._connection = _Connection(self._connect, first)
            first = None
            delivered = False
            for frame in self._read(connection):
                delivered = True
                yield time_line.place(frame)
            connection.abandon()
            if self._closed.is_set():
                return
            pause_seconds = (
                self._first_pause_seconds if delivered else min(2 * pause_seconds, self._longest_pause_seconds)
            )
            logger.warning("No signal: %s Trying again in %.1f s.", self.trouble, pause_seconds)
            time_line.break_off()
            self._connection = None
            self._past.add(connection.damage)
            self._past.lost_signals += 1
            self._closed.wait(pause_seconds)

    def close(self) -> None:
        """Stop looking and disconnect."""
        self._closed.set()
        connection = self._connection
        if connection is None:
            self._first.close()
        else:
            connection.abandon()

    def _read(self, connection: "_Connection") -> Iterator[Frame]:
        patience_seconds = PATIENCE_SECONDS
        while not self._closed.is_set():
            item = connection.take(patience_seconds)
            if isinstance(item, Frame):
                patience_seconds = self._stall_seconds
                self.trouble = ""
                yield item
            else:
                self.trouble = item
                return


class _Connection:
    """One attempt: connects and reads in its own thread."""

    def __init__(self, connect: Callable[[], Source], opened: Source | None) -> None:
        self._frames: Handoff[Frame] = Handoff(capacity=WAITING_FRAMES, when_full="drop_oldest")
        self._connect = connect
        self._source: Source | None = opened
        self._abandoned = False
        threading.Thread(target=self._run, name="connection", daemon=True).start()

    @property
    def damage(self) -> Damage:
        """What was wrong with it so far, frames that nobody took included."""
        told = Damage(unread_frames=self._frames.dropped)
        told.add(damage_of(self._source))
        return told

    def take(self, patience_seconds: float) -> Frame | str:
        """The next frame, or a sentence that says why there is none."""
        try:
            frame = self._frames.take(patience_seconds)
        except Exception as error:  # whatever ended the connection is the reason that is shown
            return reason_of(error)
        if frame is not None:
            return frame
        return "the sender ended the stream." if self._frames.over else f"nothing came for {patience_seconds:g} s."

    def abandon(self) -> None:
        """Have no more of it; the thread disconnects as soon as whatever it waits for returns."""
        self._abandoned = True
        if self._source is not None:
            self._source.close()
        self._frames.end()

    def _run(self) -> None:
        try:
            if self._source is None:
                self._source = self._connect()
            for frame in self._source:
                if self._abandoned or not self._frames.put(frame):
                    break
        except Exception as error:  # handed to whoever takes, whatever it is
            self._frames.fail(error)
        finally:
            self._close()
            self._frames.end()

    def _close(self) -> None:
        try:
            if self._source is not None:
                self._source.close()
        except Exception as error:
            logger.info("While disconnecting: %s", reason_of(error))


class _TimeLine:
    """Puts the frames of several connections on one clock that starts at zero."""

    def __init__(self, time_base: Fraction) -> None:
        self._time_base = time_base
        self._start_ns: int | None = None
        self._offset: Fraction | None = None
        self._last_pts = -1
        self._count = 0

    def break_off(self) -> None:
        """Anchor the next frame at the moment it arrives."""
        self._offset = None

    def place(self, frame: Frame) -> Frame:
        """The frame with its place on the common clock: strictly later than the one before."""
        if self._start_ns is None:
            self._start_ns = frame.captured_ns
        arrived = Fraction(frame.captured_ns - self._start_ns, 10**9)
        if self._offset is None or abs(frame.seconds + self._offset - arrived) > DRIFT_SECONDS:
            self._offset = arrived - frame.seconds
        pts = max(self._last_pts + 1, round((frame.seconds + self._offset) / self._time_base))
        duration = round(frame.duration * frame.time_base / self._time_base)
        placed = replace(frame, pts=pts, time_base=self._time_base, duration=duration, index=self._count)
        self._last_pts = pts
        self._count += 1
        return placed
