from collections.abc import Iterator

import pytest

from eid_stream.live.bypass_latch import BypassLatch
from tests.live.short_stream import (
    RARELY,
    FailingEngine,
    Stream,
    is_dehazed,
)


@pytest.fixture
def engine() -> FailingEngine:
    return FailingEngine()


@pytest.fixture
def stream(engine: FailingEngine) -> Iterator[Stream]:
    """A stream whose engine is at work."""
    ready = Stream(lambda: engine, BypassLatch(RARELY))
    ready.show_until(is_dehazed)
    yield ready
    ready.dehazer.close()
