"""What is a scene cut, and what only changes the picture at once."""

import numpy as np

from eid_stream.dehazing.scene_cut import Continuity
from tests.dehazing.memory.test_scene_memory import Field, thumbnail, tissue, veiled


def cut_by(after: Field) -> bool:
    """Whether a view is taken for another scene after a second of a still one."""
    continuity = Continuity()
    for step in range(25):
        continuity.broken(thumbnail(tissue()), step / 25)
    continuity.broken(thumbnail(after), 1.0)
    return continuity.cut


def test_another_scene_is_a_cut() -> None:
    assert cut_by(tissue(seed=5, luma=0.6))


def test_smoke_that_is_there_at_once_is_none_and_neither_is_a_jump_of_the_exposure() -> None:
    assert not cut_by(veiled(tissue(), 0.5))
    assert not cut_by(np.float32(0.5) * tissue())


def test_a_bright_instrument_that_sweeps_over_a_third_of_the_picture_is_none() -> None:
    after = tissue()
    after[0, :, :88] = np.linspace(0.3, 1.0, 88)
    after[1:, :, :88] = 0.0
    assert not cut_by(after)
