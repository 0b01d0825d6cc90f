import time

from eid_stream.flow.patience import Patience


def test_a_run_that_is_not_to_end_has_all_the_time_however_rarely_it_is_asked() -> None:
    patience = Patience(0.01)
    assert patience.spent_seconds((1,), ending=False) == 0.0
    time.sleep(0.05)  # a machine so busy that nobody looks
    assert patience.ending_seconds == 0.0
    assert patience.spent_seconds((1,), ending=False) == 0.0


def test_the_end_is_counted_from_its_first_sight_and_standing_still_from_the_last_progress() -> None:
    patience = Patience(0.01)
    patience.spent_seconds((1,), ending=True)
    time.sleep(0.02)
    assert patience.ending_seconds >= 0.02
    assert patience.spent_seconds((1,), ending=True) >= 0.02
    assert patience.spent_seconds((2,), ending=True) == 0.0


def test_finishing_a_file_may_take_longer_than_anything_else_that_blocks() -> None:
    patience = Patience(2.0)
    assert patience.allowed_seconds(finishing=False) == 2.0
    assert patience.allowed_seconds(finishing=True) == 12.0
