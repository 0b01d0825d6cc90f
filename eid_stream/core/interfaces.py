"""The three seams of the program. Constructors are open, there is no ``start()``, variation comes by wrapping."""

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from eid_stream.core.engine_card import EngineCard
from eid_stream.core.frame import Frame, StreamInfo
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.thumbnail import Thumbnail


class Source(Protocol):
    """A video to be read once, from its first frame to its last."""

    @property
    def info(self) -> StreamInfo:
        """What is known before the first frame."""
        ...

    def __iter__(self) -> Iterator[Frame]:
        """Yield captured frames in order; returning means the end of the stream.

        Raises:
            SourceReadError: the video cannot be read any further. Never used for the end of the stream.
        """
        ...

    def close(self) -> None:
        """Release everything, also from another thread while a frame is awaited; may be called twice."""
        ...


class Engine(Protocol):
    """Something that sees haze in a thumbnail."""

    @property
    def card(self) -> EngineCard:
        """What the engine says of itself."""
        ...

    def estimate(self, thumbnail: Thumbnail) -> HazeMaps:
        """Haze maps over the thumbnail's whole canvas. The arrays belong to the caller.

        Raises:
            EngineRunError: no answer for this thumbnail; the next one may succeed.
        """
        ...

    def reset(self) -> None:
        """Forget every earlier thumbnail: a scene cut, a gap, a new stream."""
        ...

    def close(self) -> None:
        """Release everything; may be called twice."""
        ...


@runtime_checkable
class Replaceable(Protocol):
    """An engine that can go on with another device, or another engine, when the one in use never answers."""

    def leave_behind(self, why: str) -> bool:
        """Give up, from another thread, whatever is at work on a thumbnail now; its answer will not count.

        False: it only computes and will come back, so that nothing was given up.
        """
        ...


@runtime_checkable
class Remembering(Protocol):
    """An engine whose answers depend on earlier thumbnails."""

    @property
    def state(self) -> float | None:
        """What it remembers, to be given back to an engine of the same kind."""
        ...

    @state.setter
    def state(self, state: float | None) -> None: ...


@runtime_checkable
class Lossy(Protocol):
    """A sink that goes on without whoever takes its frames, and counts what nobody took."""

    missed: int


class Sink(Protocol):
    """Somewhere frames go."""

    def write(self, frame: Frame) -> None:
        """Take one frame; frames come in order.

        Raises:
            SinkWriteError: this and later frames cannot be kept.
        """
        ...

    def close(self) -> None:
        """Finish what was written and release everything; may be called twice.

        Raises:
            SinkWriteError: what was written could not be finished.
        """
        ...
