"""One frame with its maps: what comes out, and what stays beside it."""

from eid_stream.backends.prior_engine import PriorEngine
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.dehazing.frame_correction import corrected
from eid_stream.dehazing.map_estimator import MapEstimator
from tests.stand_ins.hazy_frames import dehazed_alone, hazy_frame


def test_haze_is_removed_and_the_original_kept_beside() -> None:
    frame = hazy_frame()
    result = dehazed_alone(frame, MapEstimator(PriorEngine()))
    assert result.state.dehazed
    assert result.original is frame
    assert result.maps is not None
    assert result.maps.density > 0.05
    assert result.planes[0].mean() < frame.planes[0].mean() - 10
    assert result.planes[0].std() > 1.2 * frame.planes[0].std()
    assert (result.pts, result.index, result.time_base) == (frame.pts, frame.index, frame.time_base)


def test_less_strength_takes_less_haze_away() -> None:
    frame = hazy_frame()
    maps = MapEstimator(PriorEngine()).estimate_frame(frame)
    strong, weak = (corrected(frame, maps, strength).planes[0].mean() for strength in (1.0, 0.3))
    assert strong < weak < frame.planes[0].mean()


def test_a_picture_that_nothing_changes_is_handed_on_as_it_is() -> None:
    frame = hazy_frame()
    result = corrected(frame, HazeMaps.identity(), 1.0)
    assert result.planes is frame.planes
    assert result.buffer is frame.buffer
    assert result.state.dehazed
    assert result.original is frame
