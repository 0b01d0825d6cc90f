from dataclasses import replace
from fractions import Fraction

import numpy as np

from eid_stream.core.frame import PIXEL_LAYOUTS, Colour, Frame
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.flow.haze_curve import HazeCurve


def test_density_is_averaged_over_each_second_from_the_first_frame_on() -> None:
    curve = HazeCurve()
    for seconds, density in ((10.0, 0.2), (10.9, 0.4), (11.0, 0.1), (13.2, 0.6)):
        curve.record(seconds, density)
    assert curve.per_second == [0.3, 0.1, None, 0.6]


def test_a_frame_that_steps_back_before_the_first_is_not_counted() -> None:
    curve = HazeCurve()
    curve.record(5.0, 0.5)
    curve.record(1.0, 0.9)
    assert curve.per_second == [0.5]


def test_a_watched_stage_gives_its_frames_on_and_counts_only_those_with_maps() -> None:
    curve = HazeCurve()
    planes = tuple(np.zeros((4, 4), np.uint8) for _ in range(3))
    frame = Frame(
        planes=(planes[0], planes[1], planes[2]),
        layout=PIXEL_LAYOUTS["yuv444p"],
        colour=Colour(),
        pts=0,
        time_base=Fraction(1),
        index=0,
        captured_ns=0,
    )
    seen = replace(frame, maps=HazeMaps(np.zeros((5, 2, 2), np.float32), 0.25))
    assert curve.watching(lambda _: seen)(frame) is seen
    curve.watching(lambda given: given)(replace(frame, pts=1))
    assert curve.per_second == [0.25]
