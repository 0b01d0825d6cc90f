import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np

from eid_stream.core.frame import PIXEL_LAYOUTS, Colour, Frame, StreamInfo
from eid_stream.sources.live.frozen_input import FrozenInputWatch
from eid_stream.sources.real_time import RealTimeSource

LAYOUT = PIXEL_LAYOUTS["yuv420p"]


class Pictures:
    """A source of given luma values at 25 frames/s; the last sample of the plane can be set apart."""

    def __init__(self, values: Sequence[tuple[int, int]]) -> None:
        self.values = values
        self.closed = False

    @property
    def info(self) -> StreamInfo:
        return StreamInfo("pictures", 64, 48, LAYOUT, Colour(), Fraction(1, 25))

    def __iter__(self) -> Iterator[Frame]:
        for index, (luma, last) in enumerate(self.values):
            y = np.full((48, 64), luma, np.uint8)
            y[-1, -1] = last
            chroma = np.full((24, 32), 128, np.uint8)
            yield Frame((y, chroma, chroma), LAYOUT, Colour(), index, Fraction(1, 25), index, index * 40_000_000)

    def close(self) -> None:
        self.closed = True


def frozen_at(values: Sequence[tuple[int, int]]) -> list[bool]:
    watch = FrozenInputWatch(Pictures(values))
    return [watch.frozen for _ in watch]


def test_an_identical_picture_beyond_a_second_is_frozen() -> None:
    assert frozen_at([(50, 50)] * 30) == [False] * 25 + [True] * 5


def test_one_changed_sample_is_enough_to_live() -> None:
    assert not any(frozen_at([(50, 50 + index % 2) for index in range(60)]))


def test_a_picture_that_moves_again_is_no_longer_frozen() -> None:
    told = frozen_at([(50, 50)] * 30 + [(51, 51)] + [(52, 52)])
    assert told[29:] == [True, False, False]


def test_real_time_hands_frames_over_at_their_time_and_closes_its_source() -> None:
    source = Pictures([(1, 1)] * 6)
    paced = RealTimeSource(source)
    assert paced.info.live
    before = time.monotonic_ns()
    frames = list(paced)
    paced.close()
    assert source.closed
    for earlier, later in pairwise(frames):
        assert later.captured_ns > earlier.captured_ns
    assert (frames[-1].captured_ns - before) / 1e9 >= 0.2
