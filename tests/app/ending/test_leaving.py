"""The end of the process while a thread is still inside a library."""

import subprocess
import sys

import pytest

BEHIND = """
import sys, threading, time
from eid_stream.app.ending.leaving import leave
if {left}:
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
import atexit
atexit.register(print, "Python has taken itself apart")
print("all is written")
try:
    sys.exit({code})
except SystemExit as ending:
    leave(ending)
    raise
"""


@pytest.mark.parametrize("code", [0, 3, 143])
def test_a_thread_that_was_left_behind_does_not_outlive_what_it_needs_and_the_status_stays(code: int) -> None:
    done = _run(BEHIND.format(left=True, code=code))
    assert (done.returncode, done.stdout) == (code, "all is written\n")


def test_without_one_python_ends_as_ever() -> None:
    done = _run(BEHIND.format(left=False, code=3))
    assert (done.returncode, done.stdout) == (3, "all is written\nPython has taken itself apart\n")


def _run(code: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
