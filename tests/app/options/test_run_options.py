from fractions import Fraction

import pytest

from eid_stream.app.options.run_options import Options, parse_seconds
from eid_stream.core.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", Fraction(0)),
        ("90", Fraction(90)),
        ("90.5", Fraction(181, 2)),
        (".25", Fraction(1, 4)),
        ("1:30", Fraction(90)),
        ("01:02:03.004", Fraction(3_723_004, 1000)),
        ("100:00:00", Fraction(360_000)),
    ],
)
def test_times_are_read_exactly(text: str, seconds: Fraction) -> None:
    assert parse_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-1", "1:60", "1:75:00", "1:2:3:4", "1e3", "nan", "10s", "1::2"])
def test_what_is_not_a_time_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="as a time: write seconds such as"):
        parse_seconds(text)


def test_options_that_no_run_can_use_are_refused() -> None:
    with pytest.raises(ConfigError, match="--source is empty"):
        Options(source="")
    with pytest.raises(ConfigError, match="--strength is 2"):
        Options(source="a.mp4", strength=2.0)
    with pytest.raises(ConfigError, match="--duration is 0"):
        Options(source="a.mp4", duration=Fraction(0))
