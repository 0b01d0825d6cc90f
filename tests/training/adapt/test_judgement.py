import re
from dataclasses import replace
from typing import Any

import pytest

from training.adapt.judgement import Figures, reasons_against

IN_USE = Figures(smoke_gain=3.0, clear_median=60.0, clear_5th=40.0, haze_left=0.5, haze_seen=0.2, flicker=1.0)
BETTER = replace(IN_USE, smoke_gain=4.0)


def test_weights_that_gain_and_harm_nothing_are_taken() -> None:
    assert reasons_against(IN_USE, BETTER) == []


def test_a_clear_picture_that_stays_good_enough_may_change_a_little() -> None:
    assert reasons_against(IN_USE, replace(BETTER, clear_median=47.0, clear_5th=38.5)) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"smoke_gain": 3.1}, "rendered smoke gains 3.10 dB with them and 3.00 dB without"),
        ({"clear_median": 45.0}, r"clear frames change more \(PSNR, median: 45.0 dB for 60.0\)"),
        ({"clear_5th": 30.0}, "5th percentile: 30.0 dB for 40.0"),
        ({"haze_left": 0.6}, "more haze is left in real smoke"),
        ({"haze_seen": 0.1}, "less real smoke is seen"),
        ({"flicker": 1.3}, "flickers more"),
    ],
)
def test_weights_that_are_worse_in_any_way_are_refused_with_the_reason(change: dict[str, Any], says: str) -> None:
    (reason,) = reasons_against(IN_USE, replace(BETTER, **change))
    assert re.search(says, reason)


def test_real_smoke_that_clears_is_reason_enough_only_where_rendered_smoke_clears_no_less() -> None:
    assert reasons_against(IN_USE, replace(IN_USE, haze_left=0.4)) == []
    assert len(reasons_against(IN_USE, replace(IN_USE, haze_left=0.47))) == 1
    assert len(reasons_against(IN_USE, replace(IN_USE, haze_left=0.4, smoke_gain=2.9))) == 1


def test_without_real_smoke_the_other_rules_decide() -> None:
    none: dict[str, Any] = {"haze_left": None, "haze_seen": None, "flicker": None}
    assert reasons_against(replace(IN_USE, **none), replace(BETTER, **none)) == []
    assert len(reasons_against(replace(IN_USE, **none), replace(IN_USE, **none))) == 1
