import pytest

from eid_stream.sources.damage import Damage
from eid_stream.sources.live.frame_gaps import FrameGaps


def missing(steps: list[int]) -> int:
    """What is counted of frames that came so many ticks after the one before, at 40 ticks a frame."""
    damage = Damage()
    gaps = FrameGaps(40, damage)
    for ticks in steps:
        gaps.step(ticks)
    return damage.missing_frames


@pytest.mark.parametrize("begins", [0, 1, 5, 11])
def test_a_gap_within_the_first_frames_is_counted_once_the_rate_has_shown_to_be_constant(begins: int) -> None:
    assert missing([40] * begins + [160] + [40] * 12) == 3


def test_gaps_in_a_constant_rate_are_counted() -> None:
    assert missing([40] * 20 + [120] + [40] * 3 + [80]) == 3


def test_a_variable_rate_has_no_gaps() -> None:
    assert missing([40, 80, 40, 40, 120, 40, 80, 40] * 5) == 0
    assert missing([33, 71, 45, 160] * 10) == 0


def test_a_rate_that_was_only_just_beginning_tells_nothing() -> None:
    assert missing([40, 40, 160, 40, 40]) == 0
