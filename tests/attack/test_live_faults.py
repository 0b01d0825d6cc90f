import time
from pathlib import Path

import pytest

from benchmarks.attack.live.faulty_parts import ENGINE_FAULTS, FULL_DISK, STREAM_FAULTS, haze, number_of, numbered
from benchmarks.attack.live.live_faults import attack_all
from eid_stream.core.haze_maps import HazeMaps


@pytest.mark.timeout(560)
def test_every_fault_shows_the_original_and_the_enhancement_comes_back_by_itself(tmp_path: Path) -> None:
    kinds = (*ENGINE_FAULTS, *STREAM_FAULTS, FULL_DISK)
    asked = iter(range(len(kinds) + 1))
    started = time.monotonic()
    frames, faults = attack_all(
        tmp_path,
        until=lambda: next(asked, len(kinds)) >= len(kinds) or time.monotonic() - started > 240,
        kinds=kinds,
    )
    assert (dict(frames.symptoms), dict(faults.examples)) == ({}, {})
    assert frames.tried > 100
    assert faults.tried >= len(kinds) - 1 or time.monotonic() - started > 240


def test_a_number_is_read_from_the_original_and_from_a_corrected_picture() -> None:
    assert number_of(numbered(0)[0]) == 0
    assert number_of(numbered(40_961)[0]) == 40_961
    assert not (haze().values == HazeMaps.identity().values).all()
