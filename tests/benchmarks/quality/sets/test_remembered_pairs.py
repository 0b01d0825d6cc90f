import numpy as np

from benchmarks.quality.sets.remembered_pairs import RATE, Pair, clear_past, remembered_shots
from tests.benchmarks.quality.made_up_pictures import scene, veiled


def pair(seed: int, name: str = "scene1") -> Pair:
    clear = np.roll(scene(), 8 * seed, axis=1)
    return Pair(veiled(clear, 0.5), clear, name)


def test_the_past_of_a_pair_is_never_its_own_truth_nor_another_scene() -> None:
    pairs = [pair(0), pair(1), pair(2), pair(3, "scene2")]
    past = clear_past(pairs, 1)
    assert len(past) == 2
    assert all(not np.array_equal(clear, pairs[1].clear) for clear in past)


def test_smoke_comes_after_the_past_and_only_the_last_picture_is_scored() -> None:
    pairs = [pair(0), pair(1), pair(2)]
    shots = list(remembered_shots(pairs[0], clear_past(pairs, 0)))
    assert len(shots) == 4 * RATE
    assert [shot.scored for shot in shots] == [False] * (len(shots) - 1) + [True]
    assert [shot.follows for shot in shots] == [False] + [True] * (len(shots) - 1)
    assert np.abs(shots[-1].picture.rgb.astype(float) - pairs[0].smoky).mean() < 3.0


def test_a_pair_without_a_past_is_still_shown() -> None:
    shots = list(remembered_shots(pair(0), []))
    assert len(shots) == 2 * RATE
