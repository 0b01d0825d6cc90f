import numpy as np

from benchmarks.quality.measures.jumps import JumpWatch
from benchmarks.quality.pictures import Rgb
from tests.benchmarks.quality.made_up_pictures import scene


def picture(added: int = 0) -> Rgb:
    return np.clip(scene().astype(np.int16) + added, 0, 255).astype(np.uint8)


def test_a_correction_that_stays_the_same_never_jumps_however_the_scene_changes() -> None:
    watch = JumpWatch()
    for number in range(5):
        given = np.clip(picture().astype(np.int16), 20, 200).astype(np.uint8) + np.uint8(number)
        watch.see(given, given - np.uint8(10), follows=number > 0)
    assert watch.figures()["jump_largest"] < 1e-6


def test_the_largest_change_of_any_colour_counts() -> None:
    watch, given = JumpWatch(), np.full((96, 128, 3), 100, np.uint8)
    for number, blue in enumerate((0, 0, 6, 6)):
        cleared = given.copy()
        cleared[..., 2] -= np.uint8(blue)
        watch.see(given, cleared, follows=number > 0)
    assert watch.figures()["jump_largest"] == 6.0


def test_a_cut_is_no_jump() -> None:
    watch = JumpWatch()
    dark, bright = np.full((96, 128, 3), 40, np.uint8), np.full((96, 128, 3), 160, np.uint8)
    watch.see(dark, dark, follows=False)
    watch.see(bright, bright - np.uint8(30), follows=True)
    assert watch.figures() == {}


def test_what_a_correction_does_where_an_instrument_sweeps_in_is_a_jump() -> None:
    watch = JumpWatch()
    before, after = picture(), picture()
    after[:, : after.shape[1] // 3] = 255
    watch.see(before, before, follows=False)
    watch.see(after, np.maximum(after, np.uint8(20)) - np.uint8(20), follows=True)
    assert watch.figures()["jump_largest"] > 15.0
