"""Standard output as a file for FFmpeg, whose reader may leave whenever it has enough."""

import logging
import os
from collections.abc import Callable

logger = logging.getLogger("eid_stream.live")


class StandardOutput:
    """Bytes to standard output, without a buffer that could fail when the process ends.

    A reader that leaves (``| head -c 100000``, a player that is closed) is no failure: ``when_left`` is called once,
    and whatever is still written is let go.
    """

    def __init__(self, when_left: Callable[[], None], *, descriptor: int = 1) -> None:
        self._when_left = when_left
        self._descriptor = descriptor
        self._left = False

    def write(self, data: bytes) -> int:
        """Hand everything over, or let it go once nobody reads.

        Raises:
            OSError: it cannot be written for another reason, such as a full disk.
        """
        rest = memoryview(data)
        try:
            while rest and not self._left:
                rest = rest[os.write(self._descriptor, rest) :]
        except BrokenPipeError:
            self._left = True
            logger.warning("Nobody reads standard output any more.")
            self._when_left()
        return len(data)
