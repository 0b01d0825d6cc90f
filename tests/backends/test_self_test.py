from dataclasses import replace

import numpy as np
import pytest

from eid_stream.backends.onnx_runtime.onnx_engine import OnnxEngine
from eid_stream.backends.prior_engine import PriorEngine
from eid_stream.backends.self_test import check, compare, golden_answers, golden_thumbnails
from eid_stream.core.errors import EngineMismatchError
from tests.stand_ins.failing_engines import FAULTS, FailingEngine, Fault
from tests.stand_ins.made_up_student import student


def test_an_engine_that_answers_as_its_card_says_passes() -> None:
    check(OnnxEngine(*student()))


def test_an_engine_without_golden_answers_must_only_be_sound() -> None:
    check(PriorEngine())


@pytest.mark.parametrize("fault", FAULTS)
def test_an_unsound_answer_is_refused_with_the_thumbnails_name(fault: Fault) -> None:
    with pytest.raises(EngineMismatchError, match="failed its self-test on the golden thumbnail 'black'"):
        check(FailingEngine(fault, calls=range(2, 3)))


def test_other_weights_under_the_same_card_are_refused() -> None:
    model, card = student(seed=2)
    foreign = replace(card, golden=student(seed=1)[1].golden)
    with pytest.raises(EngineMismatchError, match=r"instead of|off by"):
        check(OnnxEngine(model, foreign))


def test_a_card_whose_golden_answers_lack_a_thumbnail_is_refused() -> None:
    model, card = student()
    short = {name: answer for name, answer in card.golden.items() if name != "noise"}
    with pytest.raises(EngineMismatchError, match=r"'noise'.*holds 0 golden values"):
        check(OnnxEngine(model, replace(card, golden=short)))


def test_golden_thumbnails_stay_as_they_are() -> None:
    """Another picture would make every card's golden answers wrong."""
    sums = {name: float(np.abs(thumbnail.values).sum()) for name, thumbnail in golden_thumbnails(256, 192).items()}
    expected = {
        "smoky": 19331.5,
        "clear": 15794.0,
        "black": 0.0,
        "white": 256.0 * 192.0,
        "noise": 49106.7,
        "extremes": 83906.9,
    }
    assert sums == pytest.approx(expected, rel=1e-5)


def test_golden_answers_keep_the_corners_of_every_map() -> None:
    engine = OnnxEngine(*student())
    answer = golden_answers(engine)["smoky"]
    maps = engine.estimate(golden_thumbnails(256, 192)["smoky"])
    assert len(answer) == 1 + 5 * 12
    assert answer[1] == pytest.approx(maps.values[0, 0, 0], abs=1e-6)
    assert answer[-1] == pytest.approx(maps.values[4, -1, -1], abs=1e-6)


def test_maps_are_compared_by_the_code_values_they_make() -> None:
    reference = np.zeros((5, 1), np.float32)
    reference[[0, 2]] = 1.0
    brighter = reference.copy()
    brighter[1] += 3 / 255
    samples = np.array([[0.4], [0.0], [0.0]], np.float32)
    assert compare(brighter, reference, samples).largest_codes == 3
    clipped = np.array([[1.0], [0.0], [0.0]], np.float32)
    assert compare(brighter, reference, clipped).largest_codes == 0
