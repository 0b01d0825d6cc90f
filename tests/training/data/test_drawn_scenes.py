import numpy as np

from eid_stream.sources.phantom.phantom_source import PhantomSource
from training.data.drawn_scenes import SOURCE, draw_scenes


def test_drawn_scenes_are_clear_views_of_a_source_of_their_own() -> None:
    pictures = draw_scenes(3)
    assert {(picture.kind, picture.source) for picture in pictures} == {("clear", SOURCE)}
    scene = pictures[0].rgb[pictures[0].content > 0].astype(float)
    assert scene[:, 0].mean() > 1.5 * scene[:, 2].mean()


def test_each_drawn_scene_is_another() -> None:
    assert len({picture.rgb.tobytes() for picture in draw_scenes(6)}) == 6


def test_a_drawn_scene_has_the_colours_that_the_phantom_shows() -> None:
    source = PhantomSource("phantom:?size=384x216&content=circle&seed=10000&smoke=0&layout=yuv444p")
    luma = (source.truth(0)[0].astype(float) - 16.0) / 219.0
    drawn = draw_scenes(1)[0].rgb.astype(float) @ [0.2126, 0.7152, 0.0722] / 255.0
    small = luma.reshape(54, 4, 96, 4).mean((1, 3))
    drawn_small = drawn.reshape(54, 3, 96, 3).mean((1, 3))
    assert np.abs(small - drawn_small).mean() < 0.01
