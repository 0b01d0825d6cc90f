"""Maps of one stream: what must never stay behind in what it remembers."""

import numpy as np
import pytest

from eid_stream.backends.prior_engine import PriorEngine
from eid_stream.core.errors import EngineRunError
from eid_stream.dehazing.map_estimator import MapEstimator
from tests.dehazing.memory.test_scene_memory import thumbnail, tissue, veiled


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
