from dataclasses import replace

import numpy as np
import pytest

from benchmarks.quality.pictures import BT709, frame_of, luma_of, rgb_of
from eid_stream.core.frame import PIXEL_LAYOUTS, Colour
from tests.benchmarks.quality.made_up_pictures import scene


@pytest.mark.parametrize("colour", [Colour(6, full_range=True), Colour(6), Colour(BT709), Colour(9, full_range=False)])
def test_rgb_survives_the_way_through_planes_in_every_matrix_and_range(colour: Colour) -> None:
    smooth = np.broadcast_to(np.array([180, 90, 60], np.uint8), (32, 48, 3)).copy()
    smooth[:, 24:] = [40, 60, 200]
    back = rgb_of(frame_of(smooth, colour=colour)).astype(int)
    error = np.abs(back - smooth)
    error[:, 20:28] = 0
    assert error.max() <= 2


def test_ten_bit_video_looks_like_the_same_video_in_eight_bit() -> None:
    frame = frame_of(scene(64, 48), colour=Colour(BT709))
    luma, cb, cr = (plane.astype("<u2") * np.uint16(4) for plane in frame.planes)
    deep = replace(frame, planes=(luma, cb, cr), layout=PIXEL_LAYOUTS["yuv420p10le"])
    assert np.abs(rgb_of(deep).astype(int) - rgb_of(frame)).max() <= 1


def test_untagged_video_is_read_as_players_read_it() -> None:
    rgb = np.full((720, 4, 3), (200, 40, 30), np.uint8)
    high = frame_of(rgb, colour=Colour(BT709))
    assert np.abs(rgb_of(replace(high, colour=Colour())).astype(int) - rgb).max() <= 2
    low = frame_of(rgb[:480], colour=Colour(6))
    assert np.abs(rgb_of(replace(low, colour=Colour())).astype(int) - rgb[:480]).max() <= 2


def test_luma_is_one_for_white_and_zero_for_black() -> None:
    picture = np.zeros((2, 2, 3), np.uint8)
    picture[0] = 255
    assert luma_of(picture).tolist() == [[1.0, 1.0], [0.0, 0.0]]
