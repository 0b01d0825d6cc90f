"""An outlet that is opened again and again until it works, without holding up anything."""

import logging
import time
from collections.abc import Callable

from eid_stream.core.errors import SinkError, SinkWriteError
from eid_stream.core.frame import Frame
from eid_stream.core.interfaces import Sink

logger = logging.getLogger("eid_stream.live")

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 10.0


class RetryingSink:
    """Opens a sink with the frame at hand, opens it anew after a failure or a change of the picture's size.

    Frames that come while there is none are let go and counted. ``trouble`` says why; it is empty while all is well.
    """

    def __init__(
        self,
        open_sink: Callable[[Frame], Sink],
        *,
        first_pause_seconds: float = FIRST_PAUSE_SECONDS,
        longest_pause_seconds: float = LONGEST_PAUSE_SECONDS,
    ) -> None:
        """Open nothing before the first frame."""
        self._open_sink = open_sink
        self._first_pause_seconds = first_pause_seconds
        self._longest_pause_seconds = longest_pause_seconds
        self._pause_seconds = first_pause_seconds
        self._not_before = float("-inf")
        self._sink: Sink | None = None
        self._size = (0, 0)
        self._delivered = 0
        self.trouble = ""
        self.missed = 0
        """Frames that came while nobody took them."""

    def write(self, frame: Frame) -> None:
        """Pass the frame on if somebody takes it; never raises because nobody does."""
        try:
            if self._sink is not None and self._size != (frame.width, frame.height):
                self._hang_up()
            if self._sink is None and time.monotonic() >= self._not_before:
                self._sink = self._open_sink(frame)
                self._size = (frame.width, frame.height)
            if self._sink is None:
                self.missed += 1
                return
            self._sink.write(frame)
            self.trouble, self._pause_seconds = "", self._first_pause_seconds
            self._delivered += 1
        except SinkError as error:
            self._note(error)

    def close(self) -> None:
        """Close whatever is open; the end of a stream that is lost already is no failure.

        Raises:
            SinkWriteError: nobody has ever taken a frame.
        """
        if self._sink is not None:
            self._hang_up()
        if self.missed and not self._delivered:
            raise SinkWriteError(f"Nobody has received any of {self.missed} frames: {self.trouble}")

    def _note(self, error: SinkError) -> None:
        logger.warning("%s Trying again in %.1f s.", error, self._pause_seconds)
        self.trouble = str(error)
        self.missed += 1
        self._not_before = time.monotonic() + self._pause_seconds
        self._pause_seconds = min(2 * self._pause_seconds, self._longest_pause_seconds)
        if self._sink is not None:
            self._hang_up()

    def _hang_up(self) -> None:
        sink, self._sink = self._sink, None
        try:
            if sink is not None:
                sink.close()
        except SinkError as error:
            logger.info("While closing: %s", error)
