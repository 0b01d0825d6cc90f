import numpy as np
import pytest
from numpy.typing import NDArray

from training.smoke.fluid_puffs import HEIGHT, WIDTH, simulate_puffs

Depths = list[NDArray[np.float32]]


@pytest.fixture(scope="module")
def puffs() -> Depths:
    return list(simulate_puffs(np.random.default_rng(1)))


def test_a_simulation_is_repeated_by_its_seed_alone(puffs: Depths) -> None:
    again, other = (next(simulate_puffs(np.random.default_rng(seed))) for seed in (1, 2))
    np.testing.assert_array_equal(puffs[0], again)
    assert not np.array_equal(puffs[0], other)


def test_puffs_are_local_and_their_edges_are_crisp(puffs: Depths) -> None:
    for _, depth in puffs:
        assert depth.shape == (HEIGHT, WIDTH)
        assert depth.min() >= 0.0
        relative = depth / depth.max()
        assert 0.005 < (relative > 0.1).mean() < 0.3, "a puff leaves most of the sight clear"
        steepest = max(np.abs(np.diff(relative, axis=axis)).max() for axis in (0, 1))
        assert steepest > 0.12, "a blurred blob of such a size climbs slower"


def test_a_puff_moves_but_little_between_the_two_moments(puffs: Depths) -> None:
    for before, after in puffs:
        assert 0.9 < np.corrcoef(before.ravel(), after.ravel())[0, 1] < 0.9999
