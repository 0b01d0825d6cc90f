"""The end of the process."""

import logging
import os
import sys
import threading
from contextlib import suppress


def leave(ending: SystemExit) -> None:
    """End the process now if a thread was left behind in a library; otherwise return, and Python ends it.

    A camera, a network stream or an outlet that hangs is left behind in its thread. It would run on in FFmpeg while
    Python takes itself apart: two of a hundred runs that were stopped while a stream was being opened again ended with
    a segmentation fault. Everything that was written is closed by now.
    """
    if not any(thread.daemon for thread in threading.enumerate()):
        return
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(ending.code if isinstance(ending.code, int) else int(ending.code is not None))
