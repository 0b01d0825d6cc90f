"""A process that ends with whoever started it, also when that one is killed and can tell nobody."""

import os
import sys
import threading

LEASH = "EID_STREAM_LEASH"
"""Variable of the environment that asks for it."""
STANDARD_INPUT = "standard input"
"""Its value: the process ends when its standard input does."""
_STATUS = 143


def hold_leash() -> None:
    """Look for the variable, and from then on end at once when standard input ends; what was written is kept."""
    if os.environ.pop(LEASH, "") == STANDARD_INPUT and sys.stdin is not None:
        threading.Thread(target=_end_with, args=(sys.stdin.fileno(),), name="leash", daemon=True).start()


def _end_with(descriptor: int) -> None:
    while os.read(descriptor, 1):
        pass
    os._exit(_STATUS)
