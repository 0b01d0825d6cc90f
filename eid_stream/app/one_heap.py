"""Memory of a file's run: one heap of the C library for all threads."""

import sys
from contextlib import suppress

_M_ARENA_MAX = -8
"""Of glibc's ``mallopt``: the others have no such thing."""


def use_one_heap() -> None:
    """Let no thread have a heap of its own, which keeps what it once needed: 50 MiB of a file at 1080p, and no faster.

    To be called before other threads allocate.
    """
    if sys.platform != "linux":
        return
    import ctypes

    with suppress(AttributeError, OSError):  # another C library
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
