import time

import pytest

from benchmarks.attack.live_faults import ENGINE_FAULTS, STREAM_FAULTS, attack_all, haze, number_of, numbered
from eid_stream.core.haze_maps import HazeMaps


@pytest.mark.timeout(560)
def test_every_fault_shows_the_original_and_the_enhancement_comes_back_by_itself() -> None:
    kinds = (*ENGINE_FAULTS, *STREAM_FAULTS)
    asked = iter(range(len(kinds) + 1))
    started = time.monotonic()
    frames, faults = attack_all(
        until=lambda: next(asked, len(kinds)) >= len(kinds) or time.monotonic() - started > 240, kinds=kinds
    )
    assert (dict(frames.symptoms), dict(faults.examples)) == ({}, {})
    assert frames.tried > 100
    assert faults.tried == len(kinds) or time.monotonic() - started > 240


def test_a_number_is_read_from_the_original_and_from_a_corrected_picture() -> None:
    assert number_of(numbered(0)[0]) == 0
    assert number_of(numbered(40_961)[0]) == 40_961
    assert not (haze().values == HazeMaps.identity().values).all()
