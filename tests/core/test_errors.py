"""What people are told about an exception."""

import pytest

from eid_stream.core.errors import EngineRunError, reason_of


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (EngineRunError("the device is lost"), "the device is lost"),
        (RuntimeError("CUDA error:\n  out of memory\n"), "RuntimeError: CUDA error: out of memory"),
        (KeyError(), "KeyError"),
    ],
)
def test_the_reason_of_a_fault_is_one_line_with_what_is_known_of_it(error: Exception, told: str) -> None:
    assert reason_of(error) == told
