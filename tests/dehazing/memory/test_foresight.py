"""A recording that begins in smoke and is clear later."""

from collections.abc import Iterator

import numpy as np
import pytest

from eid_stream.dehazing.memory.foresight import Foresight, Seen
from eid_stream.dehazing.memory.scene_memory import SceneMemory
from eid_stream.dehazing.memory.scene_statistics import measure
from tests.dehazing.memory.test_scene_memory import BLIND, error, shown, thumbnail, tissue, veiled, watch


def looked_through(*opacities: float) -> Foresight:
    """A view every two seconds."""
    foresight = Foresight()
    for number, opacity in enumerate(opacities):
        foresight.add(BLIND, thumbnail(veiled(tissue(), opacity)), 2.0 * number)
    return foresight


def test_smoke_at_the_beginning_is_removed_by_what_comes_later() -> None:
    memory = SceneMemory(looked_through(0.5, 0.5, 0.5, 0.2, 0.0, 0.0))
    hazy = veiled(tissue(), 0.5)
    cleared = shown(hazy, watch(memory, hazy, first=0.0, seconds=1))
    assert error(cleared, tissue()) < 0.3 * error(hazy, tissue())


def test_a_recording_that_is_clear_throughout_comes_back_bit_for_bit() -> None:
    memory = SceneMemory(looked_through(0.0, 0.0, 0.0, 0.0))
    np.testing.assert_array_equal(watch(memory, tissue(), first=0.0, seconds=1).values, BLIND.values)


def test_nothing_is_foreseen_behind_a_cut() -> None:
    foresight = Foresight()
    for number in range(3):
        foresight.add(BLIND, thumbnail(veiled(tissue(seed=1), 0.5)), 2.0 * number)
    for number in range(3, 9):
        foresight.add(BLIND, thumbnail(tissue(seed=2)), 2.0 * number)
    scene = foresight.scene_at(0.0)
    assert scene is not None
    hazy = veiled(tissue(seed=1), 0.5)
    expected = scene.expectation(measure(thumbnail(hazy)))
    np.testing.assert_allclose(expected.whole[0], hazy[0].mean(), atol=0.01)


def test_too_few_views_foresee_nothing() -> None:
    assert looked_through(0.5, 0.0).scene_at(0.0) is None


def test_a_recording_is_seen_around_a_moment_once_and_what_is_long_ago_is_let_go_of() -> None:
    asked: list[tuple[float, float]] = []

    def see(first: float, last: float) -> Iterator[Seen]:
        asked.append((first, last))
        for seconds in np.arange(max(first, 0.0), last, 2.0):
            yield BLIND, thumbnail(tissue()), float(seconds)

    foresight = Foresight(see, every_seconds=2.0, ends_seconds=1000.0)
    for moment in (0.0, 5.0, 12.0, 500.0, 999.0):
        foresight.reach(moment)
    assert asked == [(-60.0, 70.0), (70.0, 82.0), (440.0, 570.0), (938.0, 1000.0)]
    assert foresight.scene_at(999.0) is not None
    assert foresight.scene_at(500.0) is None


def test_what_cannot_be_seen_is_not_looked_for_again() -> None:
    asked: list[float] = []

    def see(first: float, last: float) -> Iterator[Seen]:
        asked.append(first)
        yield BLIND, thumbnail(tissue()), last
        raise OSError("the disk is gone")

    foresight = Foresight(see, every_seconds=2.0, ends_seconds=60.0)
    with pytest.raises(OSError, match="gone"):
        foresight.reach(0.0)
    foresight.reach(1.0)
    assert len(asked) == 1
