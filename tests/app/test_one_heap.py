"""Threads of a file's run share one heap."""

import subprocess
import sys

import pytest

PROGRAM = """
import ctypes, sys, threading
from eid_stream.app.one_heap import use_one_heap
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
if sys.argv[1] == "one":
    use_one_heap()
all_there = threading.Barrier(5)
def work():
    kept = libc.malloc(ctypes.c_size_t(50_000))
    all_there.wait(30)
    libc.free(kept)
threads = [threading.Thread(target=work) for _ in range(5)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
libc.fdopen.restype = ctypes.c_void_p
out = libc.fdopen(1, b"w")
libc.malloc_info(0, ctypes.c_void_p(out))
libc.fflush(ctypes.c_void_p(out))
"""


def heaps(how: str) -> int:
    done = subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.count("<heap nr=")


@pytest.mark.skipif(sys.platform != "linux", reason="only the C library of Linux has a heap for every thread")
def test_no_thread_of_a_file_has_a_heap_of_its_own() -> None:
    assert heaps("several") > 1
    assert heaps("one") == 1
