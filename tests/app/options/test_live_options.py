from fractions import Fraction
from pathlib import Path

import pytest

from eid_stream.app.options.live_options import LiveOptions
from eid_stream.core.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "seconds", "size_bytes"),
    [
        ("10m", 600, None),
        ("90", 90, None),
        ("1h", 3600, None),
        ("1.5s", Fraction(3, 2), None),
        ("2GB", None, 2 * 10**9),
        ("500MiB", None, 500 << 20),
        (None, None, None),
    ],
)
def test_segments_are_given_by_time_or_size(text: str | None, seconds: Fraction | None, size_bytes: int | None) -> None:
    assert LiveOptions(segment=text).segment_limit() == (seconds, size_bytes)


def test_the_size_of_the_camera_is_read() -> None:
    assert LiveOptions(size="1920x1080").capture_size() == (1920, 1080)
    assert LiveOptions().capture_size() == (None, None)


@pytest.mark.parametrize(
    ("options", "flag"),
    [
        ({"segment": "soon"}, "--segment"),
        ({"segment": "0m"}, "--segment"),
        ({"size": "HD"}, "--size"),
        ({"deadline": 0.0}, "--deadline"),
        ({"latency_limit": 0.0}, "--latency-limit"),
        ({"metrics": 70_000}, "--metrics"),
        ({"rate": Fraction(0)}, "--rate"),
        ({"screenshots": Path("/nowhere/at/all")}, "--screenshots"),
    ],
)
def test_values_that_no_run_can_use_are_refused_by_their_flag(options: dict[str, object], flag: str) -> None:
    with pytest.raises(ConfigError, match=flag):
        LiveOptions(**options)  # type: ignore[arg-type]
