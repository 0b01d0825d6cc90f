"""Maps of a look that is a moment old, taken on to where they are going."""

from fractions import Fraction

import pytest

from eid_stream.core.haze_maps import HazeMaps
from eid_stream.dehazing.estimate_worker import Estimate
from eid_stream.live.map_course import MapCourse

MS = 1_000_000


def look(at_ms: int, gain: float | None, scene: int = 0, grid: int = 2) -> Estimate:
    maps = None
    if gain is not None:
        values = HazeMaps.identity(grid, grid).values
        values[0] = gain
        maps = HazeMaps(values, 0.5)
    return Estimate(at_ms, Fraction(at_ms, 1000), at_ms * MS, scene, maps, "", 0.0)


def gain_at(at_ms: int, *looks: Estimate) -> float:
    course = MapCourse()
    for one in looks:
        course.take(one)
        course.take(one)  # as every frame does until there is a newer one
    maps = course.at(at_ms * MS)
    assert maps is not None
    assert maps.fault() is None
    return float(maps.values[0].max())


def test_maps_go_on_as_they_did_between_the_last_two_looks() -> None:
    assert gain_at(140, look(0, 1.0), look(100, 2.0)) == pytest.approx(2.4)


def test_they_do_not_go_on_for_longer_than_the_looks_are_apart() -> None:
    assert gain_at(900, look(0, 1.0), look(100, 1.5)) == pytest.approx(2.0)


def test_they_stay_within_what_maps_may_claim() -> None:
    assert gain_at(200, look(0, 1.0), look(100, 4.0)) == pytest.approx(5.0)


@pytest.mark.parametrize("before", [look(0, 1.0, scene=1), look(0, None), look(0, 1.0, grid=3), look(100, 1.0)])
def test_what_is_no_look_at_the_same_scene_before_tells_no_course(before: Estimate) -> None:
    assert gain_at(150, before, look(100, 2.0)) == pytest.approx(2.0)


def test_a_look_that_failed_gives_no_maps() -> None:
    course = MapCourse()
    assert course.at(0) is None
    course.take(look(0, 1.0))
    course.take(look(100, None))
    assert course.at(120 * MS) is None
