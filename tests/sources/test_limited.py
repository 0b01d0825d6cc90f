from fractions import Fraction

import pytest

from eid_stream.sources.limited import LimitedSource
from tests.stand_ins.failing_stages import CountingSource


@pytest.mark.parametrize(
    ("seconds", "frames"), [(Fraction(1, 25), 1), (Fraction(1, 10), 3), (Fraction(4, 25), 4), (Fraction(100), 20)]
)
def test_a_limited_source_ends_by_its_own_time_and_says_so_beforehand(seconds: Fraction, frames: int) -> None:
    source = CountingSource(20)
    limited = LimitedSource(source, seconds)
    assert [frame.index for frame in limited] == list(range(frames))
    assert limited.info.duration_seconds == float(seconds)
    limited.close()
    assert source.closed.is_set()
