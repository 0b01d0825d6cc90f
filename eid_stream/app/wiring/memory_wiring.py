"""Estimators whose memory of the scene is shown in a run's statistics."""

from eid_stream.core.interfaces import Engine
from eid_stream.dehazing.map_estimator import MapEstimator
from eid_stream.dehazing.memory.foresight import Foresight
from eid_stream.flow.stats import Stats


def remembering(stats: Stats, engine: Engine, foresight: Foresight | None = None) -> MapEstimator:
    """An estimator whose memory is shown in the statistics."""
    estimator = MapEstimator(engine, foresight=foresight)
    stats.memory = lambda: estimator.memory.as_dict()
    return estimator
