"""Maps of one stream: what must never stay behind in what it remembers."""

from dataclasses import replace

import numpy as np
import pytest

from eid_stream.backends.prior_engine import PriorEngine
from eid_stream.core.errors import EngineRunError
from eid_stream.dehazing.map_estimator import MapEstimator
from tests.dehazing.memory.test_scene_memory import thumbnail, tissue, veiled
from tests.stand_ins.failing_engines import FAULTS, FailingEngine, Fault, raises_known
from tests.stand_ins.hazy_frames import hazy_frame


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_picture_with_nan_is_refused_and_leaves_nothing_behind(value: float) -> None:
    spoilt, whole = MapEstimator(PriorEngine()), MapEstimator(PriorEngine())
    bad = tissue()
    bad[1, 50:60, 50:60] = value
    for step in range(100):
        scene = veiled(tissue(), 0.4) if step > 60 else tissue()
        if step == 30:
            with pytest.raises(EngineRunError, match="NaN"):
                spoilt.estimate(thumbnail(bad), step / 25 - 0.02)
        answers = [estimator.estimate(thumbnail(scene), step / 25) for estimator in (spoilt, whole)]
    np.testing.assert_array_equal(answers[0].values, answers[1].values)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_raised_for_that_very_frame_and_the_next_one_has_maps_again(fault: Fault) -> None:
    estimator = MapEstimator(FailingEngine(fault, calls=range(1, 2)))
    before = estimator.estimate_frame(hazy_frame(0))
    with pytest.raises((EngineRunError, RuntimeError)):
        estimator.estimate_frame(hazy_frame(1))
    after = estimator.estimate_frame(hazy_frame(2))
    assert after.fault() is None
    assert after.density == pytest.approx(before.density, abs=0.05)


def test_a_gap_resets_the_engine() -> None:
    engine = FailingEngine(raises_known, calls=range(0))
    estimator = MapEstimator(engine)
    for pts in (0, 1, 2, 100, 101, 50):
        estimator.estimate_frame(replace(hazy_frame(), pts=pts))
    assert engine.resets == 3
