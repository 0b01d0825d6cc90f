"""Pictures that are used again: never while anybody has them."""

from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest
from av.filter import Graph

from eid_stream.core.ffmpeg.picture_buffer import view
from eid_stream.core.ffmpeg.picture_pool import MOST_PICTURES, PicturePool
from eid_stream.core.frame import PIXEL_LAYOUTS

LAYOUT = PIXEL_LAYOUTS["yuv420p"]


def place(picture: av.VideoFrame) -> int:
    return picture.planes[0].buffer_ptr


def test_a_picture_that_nobody_holds_is_used_again() -> None:
    pool = PicturePool()
    places = [place(pool.allocate(64, 48, LAYOUT)[1]) for _ in range(3)]
    assert len(set(places)) == 1


@pytest.mark.parametrize("part", ["picture", "planes", "a view of its samples"])
def test_a_picture_that_somebody_holds_is_left_alone(part: str) -> None:
    pool = PicturePool()
    planes, picture = pool.allocate(64, 48, LAYOUT)
    planes[0][...] = 7
    parts: dict[str, Any] = {"picture": picture, "planes": planes, "a view of its samples": planes[0][3:5]}
    held = parts.pop(part)
    parts.clear()
    del planes, picture
    for _ in range(2 * MOST_PICTURES):
        others, _ = pool.allocate(64, 48, LAYOUT)
        others[0][...] = 9
    shown = view(held)[0] if isinstance(held, av.VideoFrame) else held[0]
    assert (np.asarray(shown) == 7).all()


def test_memory_that_ffmpeg_has_not_done_with_is_left_alone() -> None:
    graph = Graph()
    source = graph.add_buffer(width=64, height=48, format=av.VideoFormat("yuv420p"), time_base=Fraction(1, 25))
    sink = graph.add("buffersink")
    source.link_to(sink)
    graph.configure()
    pool = PicturePool()
    planes, picture = pool.allocate(64, 48, LAYOUT)
    planes[0][...] = 7
    picture.pts, picture.time_base = 0, Fraction(1, 25)
    graph.push(picture)
    del planes, picture
    others, _ = pool.allocate(64, 48, LAYOUT)
    others[0][...] = 9
    held = graph.pull()
    assert isinstance(held, av.VideoFrame)
    assert (view(held)[0] == 7).all()


def test_pictures_of_another_size_are_others() -> None:
    pool = PicturePool()
    pool.allocate(64, 48, LAYOUT)
    planes, picture = pool.allocate(32, 24, LAYOUT)
    assert planes[0].shape == (24, 32)
    assert (picture.width, picture.height) == (32, 24)


def test_more_pictures_than_the_pool_keeps_are_handed_out_all_the_same() -> None:
    pool = PicturePool()
    held = [pool.allocate(64, 48, LAYOUT)[1] for _ in range(2 * MOST_PICTURES)]
    assert len({place(picture) for picture in held}) == 2 * MOST_PICTURES
