"""Which engine looks at single pictures, and how."""

from contextlib import ExitStack

from eid_stream.app.options.run_options import Options
from eid_stream.backends import open_engine
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.thumbnail import Thumbnail
from eid_stream.dehazing.map_estimator import MapEstimator
from eid_stream.stills.picture_dehazer import PictureDehazer


def open_picture_dehazer(options: Options, opened: ExitStack) -> tuple[PictureDehazer, str]:
    """What clears pictures as the options say, and one sentence about its engine; ``opened`` closes it.

    Raises:
        EngineError: the engine cannot be opened.
    """
    engine = open_engine(options.engine, options.weights)
    estimator = MapEstimator(engine)
    opened.callback(estimator.close)

    def estimate(thumbnail: Thumbnail) -> HazeMaps:
        estimator.reset()  # what was seen in another picture says nothing of this one
        return estimator.estimate(thumbnail, 0.0)

    return PictureDehazer(estimate, engine.card, options.strength), f"Engine {engine.reasons[-1]}."
