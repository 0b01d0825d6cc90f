"""Threads of a file's run share one heap, and what is large goes when it is freed."""

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

ENCODERS = """
import ctypes, sys
from eid_stream.app.one_heap import use_one_heap
class Blocks(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in ("on_the_heap", "b", "c", "d", "e", "f", "g", "h", "i", "j")]
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes, libc.mallinfo2.restype = ctypes.c_void_p, [ctypes.c_void_p], Blocks
if sys.argv[1] == "one":
    use_one_heap()
before = libc.mallinfo2().on_the_heap
for encoder in range(4):
    blocks = [libc.malloc(ctypes.c_size_t(9_000_000)) for _ in range(10)]
    stays = libc.malloc(ctypes.c_size_t(50_000))
    [libc.free(block) for block in blocks]
print(libc.mallinfo2().on_the_heap - before)
"""


def heaps(how: str) -> int:
    done = subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.count("<heap nr=")


@pytest.mark.skipif(sys.platform != "linux", reason="only the C library of Linux has a heap for every thread")
def test_no_thread_of_a_file_has_a_heap_of_its_own() -> None:
    assert heaps("several") > 1
    assert heaps("one") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only the C library of Linux is told")
def test_the_heap_does_not_grow_with_the_encoders_of_a_long_file() -> None:
    grown = {
        how: int(subprocess.run([sys.executable, "-c", ENCODERS, how], capture_output=True, check=True).stdout)
        for how in ("as it comes", "one")
    }
    assert grown["as it comes"] > 50_000_000
    assert grown["one"] < 5_000_000
