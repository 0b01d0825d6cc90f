"""Opening with a deadline of its own: a library that hangs is left behind."""

from collections.abc import Callable

from eid_stream.core.errors import SourceOpenError
from eid_stream.flow.opening import Opened, Opening


def open_within(seconds: float, open_it: Callable[[], Opened], label: str) -> Opened:
    """Call ``open_it`` in another thread and wait for it; ``label`` names what is opened, without credentials.

    Raises:
        SourceOpenError: it took longer than ``seconds``.
        BaseException: whatever ``open_it`` raises.
    """
    return opened_within(seconds, Opening(open_it), label)


def opened_within(seconds: float, opening: Opening[Opened], label: str) -> Opened:
    """The same of what has begun; Ctrl-C is answered at once. What comes too late is closed as soon as it comes."""
    try:
        if opening.is_done_within(seconds):
            return opening.take()
    finally:
        opening.abandon()
    raise SourceOpenError(f"Cannot open {label}: nothing could be played within {seconds:g} s. Is the sender running?")
