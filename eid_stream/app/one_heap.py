"""Memory of a file's run: one heap of the C library for all threads, and what is large beside it."""

import sys
from contextlib import suppress

_M_ARENA_MAX, _M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD = -8, -3, -1
"""Of glibc's ``mallopt``: the others have no such thing."""
_LARGE_BYTES, _FREE_BYTES = 1 << 20, 8 << 20


def use_one_heap() -> None:
    """Let no thread have a heap of its own, which keeps what it once needed, and keep large blocks off the heap.

    Heaps of single threads are 50 MiB of a file at 1080p, and no faster. Large blocks are an encoder's, and a new one
    begins with every section: by itself the C library would put them on the heap from the second one on, between what
    stays, and the heap would grow with the length of the file. To be called before other threads allocate.
    """
    if sys.platform != "linux":
        return
    import ctypes

    with suppress(AttributeError, OSError):  # another C library
        set_option = ctypes.CDLL(None).mallopt
        set_option(_M_ARENA_MAX, 1)
        set_option(_M_MMAP_THRESHOLD, _LARGE_BYTES)
        set_option(_M_TRIM_THRESHOLD, _FREE_BYTES)
