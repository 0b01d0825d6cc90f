"""A file's frames: looked at ahead, corrected with maps of both sides."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from eid_stream.backends.prior_engine import PriorEngine
from eid_stream.core.errors import EngineRunError
from eid_stream.core.frame import Frame
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.thumbnail import Thumbnail
from eid_stream.dehazing.file_dehazer import FileDehazer
from eid_stream.dehazing.map_estimator import MapEstimator
from tests.stand_ins.hazy_frames import dehazed_alone, hazy_frame, same_planes


class NumberedEngine(PriorEngine):
    """Answers the k-th look with gains of 1 + k / 100; fails at those in ``fails_at``."""

    def __init__(self, fails_at: tuple[int, ...] = ()) -> None:
        super().__init__()
        self.looks = 0
        self._fails_at = fails_at

    def estimate(self, thumbnail: Thumbnail) -> HazeMaps:  # noqa: ARG002
        look, self.looks = self.looks, self.looks + 1
        if look in self._fails_at:
            raise EngineRunError("the device was lost")
        values = HazeMaps.identity(24, 32).values
        values[0] = 1.0 + look / 100.0
        return HazeMaps(values, 0.1)


def frames(count: int, rate: int) -> list[Frame]:
    """A picture that gets brighter by one code with every frame: half way in time is half way in change."""
    first = hazy_frame(0, rate)
    y, cb, cr = first.planes
    return [
        replace(first, planes=((y + index).astype(np.uint8), cb, cr), pts=index, index=index, duration=1)
        for index in range(count)
    ]


def dehazed(given: list[Frame], dehazer: FileDehazer) -> list[Frame]:
    shown = [dehazer.dehaze(frame) for frame in dehazer.prepare(iter(given))]
    dehazer.close()
    return shown


@pytest.mark.parametrize(("rate", "looked_at"), [(5, 13), (12, 13), (25, 5), (30, 5), (50, 4), (60, 4)])
def test_a_file_is_looked_at_some_nine_times_a_second_and_at_every_fourth_frame(rate: int, looked_at: int) -> None:
    engine = NumberedEngine()
    assert len(dehazed(frames(13, rate), FileDehazer(engine))) == 13
    assert engine.looks == looked_at


def test_frames_between_two_looks_have_maps_of_both_sides() -> None:
    engine = NumberedEngine()
    prepared = list(FileDehazer(engine).prepare(iter(frames(5, 50))))
    gains = [float(frame.maps.values[0].mean()) for frame in prepared if frame.maps is not None]
    assert [frame.index for frame in prepared] == list(range(5))
    assert gains[2] == pytest.approx((gains[0] + gains[4]) / 2, abs=1e-3)
    assert gains[0] < gains[1] < gains[2] < gains[3] < gains[4]


def test_a_repeated_frame_is_corrected_like_the_one_it_repeats() -> None:
    given = frames(9, 60)
    repeated = [replace(given[index // 2 * 2], pts=index, index=index) for index in range(9)]
    shown = dehazed(repeated, FileDehazer(NumberedEngine()))
    for first, second in ((0, 1), (2, 3), (4, 5)):
        assert np.abs(shown[first].planes[0].astype(int) - shown[second].planes[0]).max() <= 1


def test_across_a_cut_nothing_is_mixed() -> None:
    given = frames(10, 50)
    y, cb, cr = given[0].planes
    cut = [replace(f, planes=((y[::-1, ::-1] // 4).astype(np.uint8), cb, cr)) if f.index >= 5 else f for f in given]
    prepared = list(FileDehazer(NumberedEngine()).prepare(iter(cut)))
    gains = [float(frame.maps.values[0].mean()) for frame in prepared if frame.maps is not None]
    assert len(gains) == 10
    assert gains[5] == pytest.approx(1.02), "the first frame of a scene is looked at, and has its own maps"
    assert gains[4] < 1.02


def test_a_look_that_fails_costs_its_frame_and_no_other() -> None:
    shown = dehazed(frames(9, 50), FileDehazer(NumberedEngine(fails_at=(1,))))
    assert [frame.state.dehazed for frame in shown] == [index != 4 for index in range(9)]
    assert shown[4].state.why == "the device was lost"


def test_a_still_picture_is_what_dehazing_frame_by_frame_makes_of_it() -> None:
    still = [replace(hazy_frame(0), pts=index, index=index, duration=1) for index in range(5)]
    estimator = MapEstimator(PriorEngine())
    expected = [dehazed_alone(frame, estimator) for frame in still]
    assert all(same_planes(a, b) for a, b in zip(dehazed(still, FileDehazer(PriorEngine())), expected, strict=True))


def test_no_more_frames_are_held_back_than_lie_between_two_looks() -> None:
    taken = 0

    def source() -> Iterator[Frame]:
        nonlocal taken
        for frame in frames(30, 60):
            taken += 1
            yield frame

    dehazer = FileDehazer(NumberedEngine())
    for given, frame in enumerate(dehazer.prepare(source())):
        assert frame.index == given
        assert taken - given <= 4
    dehazer.close()


def test_at_strength_zero_nothing_is_looked_at() -> None:
    engine = NumberedEngine()
    given = frames(3, 25)
    shown = dehazed(given, FileDehazer(engine, 0.0))
    assert engine.looks == 0
    assert [frame.state.why for frame in shown] == ["strength is 0"] * 3
    assert all(a.planes is b.planes for a, b in zip(shown, given, strict=True))


def test_a_frame_that_cannot_be_corrected_goes_out_as_captured() -> None:
    given = frames(20, 25)
    y, cb, cr = given[18].planes
    given[18] = replace(given[18], planes=(y, cb, cr.T))
    shown = dehazed(given, FileDehazer(NumberedEngine()))
    assert [frame.index for frame in shown if not frame.state.dehazed] == [18]
    assert "ValueError" in shown[18].state.why


def test_the_original_is_let_go_where_nobody_shows_it() -> None:
    shown = dehazed(frames(3, 25), FileDehazer(NumberedEngine(), keep_original=False))
    assert all(frame.original is None and frame.state.dehazed for frame in shown)
    assert threading.active_count() < 20
