import numpy as np

from benchmarks.quality.evaluation import Tally
from benchmarks.quality.sets.moving_smoke import amount_at


def test_smoke_comes_stays_and_goes_without_a_step() -> None:
    amounts = [amount_at(seconds, 10.0) for seconds in np.arange(0.0, 10.0, 0.04)]
    assert amounts[0] == amounts[-1] == 0.0
    assert max(amounts) == 1.0
    assert max(abs(np.diff(amounts))) < 0.06


def test_the_gain_is_the_mean_over_clips_whatever_their_lengths() -> None:
    tally = Tally([{"gain_db": 10.0}] * 9 + [{"gain_db": 2.0}], ["long"] * 9 + ["short"])
    means = tally.means()
    assert (means["gain_db"], means["least_gain_db"]) == (6.0, 2.0)
