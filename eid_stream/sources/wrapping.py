"""Sources that wrap another one, and what lies inside."""

from typing import Protocol, runtime_checkable

from eid_stream.core.interfaces import Source


@runtime_checkable
class Wrapping(Protocol):
    """A source that changes how another one is read."""

    @property
    def wrapped(self) -> Source:
        """The other one."""
        ...


def innermost(source: Source) -> Source:
    """The source that the frames come from, whatever was put around it."""
    while isinstance(source, Wrapping):
        source = source.wrapped
    return source
