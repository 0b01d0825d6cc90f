from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from eid_stream.core.ffmpeg.picture_buffer import copy
from eid_stream.sources.phantom.phantom_source import PhantomSource

Rgb = NDArray[np.uint8]


@pytest.fixture(scope="session")
def video() -> list[Rgb]:
    """Frames of a drawn operation with smoke."""
    frames: list[Any] = list(PhantomSource("phantom:?size=320x240&frames=6"))
    return [np.asarray(copy(frame.planes, frame.layout).to_ndarray(format="rgb24"), np.uint8) for frame in frames]


@pytest.fixture
def hazy(video: list[Rgb]) -> Rgb:
    """One frame with smoke."""
    return video[0].copy()
