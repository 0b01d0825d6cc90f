"""Which clear view of the past shows what is seen now."""

import numpy as np

from eid_stream.core.thumbnail import Area, Thumbnail
from eid_stream.dehazing.memory.clear_views import ClearViews
from eid_stream.dehazing.memory.scene_statistics import SceneStatistics, measure
from tests.dehazing.memory.test_scene_memory import thumbnail, tissue, veiled


def view(seed: int, opacity: float = 0.0) -> SceneStatistics:
    return measure(thumbnail(veiled(tissue(seed), opacity)))


def wide(opacity: float) -> SceneStatistics:
    """16:9 on the canvas of 4:3: its edges go through the middle of cells."""
    picture = np.zeros((3, 192, 256), np.float32)
    picture[:, 24:168] = veiled(tissue(0), opacity)[:, 24:168]
    return measure(Thumbnail(picture, Area(0, 24, 256, 144)))


def watched(*seeds: int) -> ClearViews:
    """One view a second."""
    views = ClearViews()
    for second, seed in enumerate(seeds):
        views.add(view(seed), float(second))
    return views


def test_the_view_that_shows_the_same_is_recalled_also_through_smoke() -> None:
    views = watched(0, 1, 2, 3)
    for opacity in (0.0, 0.2, 0.5):
        recalled = views.recall(view(2, opacity))
        assert recalled is not None
        np.testing.assert_array_equal(recalled.view.mean, view(2).mean)
        assert recalled.likeness > 0.95


def test_a_wide_picture_is_recalled_without_the_black_of_the_canvas_around_it() -> None:
    seen = [wide(opacity) for opacity in (0.0, 0.4)]
    views = ClearViews()
    views.add(seen[0], 0.0)
    recalled = views.recall(seen[1])
    assert recalled is not None
    half = (seen[0].content > 0.3) & (seen[0].content < 0.7)
    assert half.sum() == 32
    np.testing.assert_allclose(recalled.moved.mean[:, half], seen[0].mean[:, half], atol=0.03)
    assert not recalled.moved.content[0].any()


def test_a_picture_too_thin_for_any_pixel_of_the_memory_still_has_content() -> None:
    picture = np.zeros((3, 192, 256), np.float32)
    picture[:, 93:99] = tissue()[:, 93:99]
    seen = measure(Thumbnail(picture, Area(0, 93, 256, 6)))
    assert seen.shown.any()
    assert np.isfinite(seen.mean).all()


def test_another_view_is_unlike_all() -> None:
    recalled = watched(0, 1, 2).recall(view(7))
    assert recalled is not None
    assert abs(recalled.likeness) < 0.4


def test_of_views_of_the_same_the_clearest_is_kept() -> None:
    views = ClearViews()
    for second, opacity in enumerate((0.1, 0.0, 0.1)):
        views.add(view(0, opacity), float(second))
    assert len(views) == 1
    recalled = views.recall(view(0, 0.3))
    assert recalled is not None
    np.testing.assert_array_equal(recalled.view.mean, view(0).mean)


def test_nothing_is_recalled_without_a_past() -> None:
    assert ClearViews().recall(view(0)) is None


def test_views_of_half_an_hour_take_no_more_room_than_forty() -> None:
    assert len(watched(*range(100))) == 40
