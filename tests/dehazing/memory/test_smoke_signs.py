"""Signs of smoke: where they are believed, and where what changed is no smoke."""

import numpy as np

from eid_stream.dehazing.memory.remembered_scene import RememberedScene
from eid_stream.dehazing.memory.scene_statistics import COLUMNS, ROWS, SceneStatistics, measure
from eid_stream.dehazing.memory.smoke_fit import USUAL_AIRLIGHT, fit_smoke
from eid_stream.dehazing.memory.smoke_signs import evidence
from tests.dehazing.memory.test_scene_memory import Field, thumbnail, tissue, veiled

UNSEEN = np.zeros((ROWS, COLUMNS), np.float32)
"""By the engine."""


def found(values: Field) -> Field:
    """After two seconds of the same scene without smoke."""
    scene = RememberedScene()
    for _ in range(10):
        scene.add(measure(thumbnail(tissue())), 0.0, 0.0, seconds=0.2, time_constant_seconds=12.0)
    view: SceneStatistics = measure(thumbnail(values))
    expected = scene.expectation(view)
    return evidence(view, expected, fit_smoke(view, expected, USUAL_AIRLIGHT), UNSEEN)


def puff(opacity: float) -> Field:
    """Smoke over an eighth of the picture."""
    values = tissue()
    values[:, :64, :96] = veiled(values[:, :64, :96], opacity)
    return values


def test_a_thin_veil_over_a_still_scene_is_found() -> None:
    assert found(veiled(tissue(), 0.12)).mean() > 0.8


def test_a_puff_is_found_where_it_is_and_nowhere_else() -> None:
    where = found(puff(0.3))
    assert where[:4, :6].mean() > 0.7
    assert where[8:, 10:].max() < 0.05


def test_there_is_no_smoke_in_the_same_view_nor_in_one_of_another_exposure() -> None:
    for exposure in (0.9, 1.0, 1.1):
        assert found(np.float32(exposure) * tissue()).max() == 0.0


def test_stronger_signs_are_believed_more() -> None:
    sure = [float(found(veiled(tissue(), opacity)).mean()) for opacity in (0.0, 0.03, 0.06, 0.1, 0.2)]
    assert sure == sorted(sure)
    assert sure[0] == 0.0
    assert sure[-1] > 0.95
