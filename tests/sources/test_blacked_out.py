import numpy as np
import pytest

from eid_stream.core.errors import ConfigError
from eid_stream.core.rectangle import Rectangle
from eid_stream.sources.blacked_out import BlackedOutSource
from eid_stream.sources.phantom.phantom_source import PhantomSource

ADDRESS = "phantom:?size=160x120&rate=25&frames=2&seed=1"


def test_rectangles_are_black_to_the_last_sample_and_nothing_else_is_changed() -> None:
    plain = next(iter(PhantomSource(ADDRESS)))
    painted = next(
        iter(BlackedOutSource(PhantomSource(ADDRESS), [Rectangle(3, 5, 20, 10), Rectangle(150, 110, 10, 10)]))
    )
    y, cb, _ = painted.planes
    assert (y[5:15, 3:23] == 16).all()
    assert (y[110:, 150:] == 16).all()
    assert (cb[2:8, 1:12] == 128).all()
    elsewhere = np.ones_like(y, bool)
    elsewhere[5:15, 3:23] = elsewhere[110:, 150:] = False
    assert np.array_equal(y[elsewhere], plain.planes[0][elsewhere])
    assert painted.captured is painted


@pytest.mark.parametrize("text", ["1,2,3", "a,b,c,d", "0,0,0,5", "-1,0,5,5"])
def test_what_is_no_rectangle_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="as a rectangle"):
        Rectangle.parse(text)


def test_a_rectangle_outside_the_picture_is_refused() -> None:
    with pytest.raises(ConfigError, match="leaves the picture, which is 160x120"):
        BlackedOutSource(PhantomSource(ADDRESS), [Rectangle(150, 0, 11, 5)])
