"""A recording that begins in smoke and is clear later."""

import numpy as np

from eid_stream.dehazing.memory.foresight import Foresight
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
