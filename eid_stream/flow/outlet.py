"""Where frames go: a sink, and what its failure means for the run."""

from dataclasses import dataclass

from eid_stream.core.interfaces import Sink


@dataclass(frozen=True, slots=True)
class Outlet:
    """Where dehazed frames go, in a thread of its own."""

    name: str
    """What its times and counts are filed under; differs between outlets."""
    sink: Sink
    essential: bool = True
    """True: its failure ends the run. False: the others go on without it."""
    capacity: int = 1
    """Frames that may wait for it; beyond that files wait and live streams drop the oldest."""
