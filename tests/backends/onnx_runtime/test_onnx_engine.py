import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from eid_stream.backends.onnx_runtime.onnx_engine import CpuThreads, OnnxEngine, open_onnx
from eid_stream.backends.self_test import check, golden_thumbnails
from eid_stream.backends.student_contract import (
    INPUT_NAME,
    MODEL_FILE,
    OUTPUT_NAMES,
    half_turned,
    read_shipped,
    shipped_card,
)
from eid_stream.core.engine_card import EngineCard
from eid_stream.core.errors import EngineLoadError, EngineMismatchError, EngineRunError
from tests.stand_ins.made_up_student import card_of, model_bytes, student


def test_the_shipped_student_belongs_to_its_card_and_passes_its_self_test() -> None:
    engine = open_onnx()
    assert engine.card.golden
    check(engine)


def test_the_shipped_weights_stay_small() -> None:
    weights = Path(__file__).parents[3] / "eid_stream" / "weights"
    assert sum(path.stat().st_size for path in weights.iterdir()) <= 2 << 20


def test_one_changed_byte_in_the_model_is_refused() -> None:
    model, card = student()
    with pytest.raises(EngineMismatchError, match=r"SHA-256 .* damaged or belongs to another card"):
        OnnxEngine(model[:-1] + bytes([model[-1] ^ 1]), card)


def test_a_model_that_is_no_onnx_is_refused_in_one_sentence() -> None:
    junk = b"not a model"
    with pytest.raises(EngineLoadError, match=r"ONNX Runtime .* cannot load the model"):
        OnnxEngine(junk, card_of(junk))


@pytest.mark.parametrize(
    "change", [{"thumbnail_width": 320}, {"grid_height": 12}, {"grid_width": 16}], ids=lambda change: next(iter(change))
)
def test_a_card_with_another_shape_is_refused(change: dict[str, int]) -> None:
    model, card = student()
    with pytest.raises(EngineMismatchError, match="do not belong together"):
        OnnxEngine(model, replace(card, **change))  # type: ignore[arg-type]


def test_a_model_with_other_tensor_names_is_refused() -> None:
    model = model_bytes(grid_name="grid")
    with pytest.raises(EngineMismatchError, match="'grid'"):
        OnnxEngine(model, card_of(model))


def test_a_card_for_another_backend_is_refused() -> None:
    model, card = student()
    with pytest.raises(EngineMismatchError, match="backend 'cuda'"):
        OnnxEngine(model, replace(card, backend="cuda"))


@pytest.mark.parametrize("threads", [CpuThreads(1, at_once=False), CpuThreads(2, spinning=True, arena=True)])
def test_threads_change_no_answer(threads: CpuThreads) -> None:
    model, card = student()
    thumbnail = golden_thumbnails(card.thumbnail_width, card.thumbnail_height)["smoky"]
    expected = OnnxEngine(model, card).estimate(thumbnail)
    answer = OnnxEngine(model, card, threads).estimate(thumbnail)
    np.testing.assert_allclose(answer.values, expected.values, atol=1e-6)


def test_the_shipped_card_speaks_of_the_shipped_files() -> None:
    card: EngineCard = shipped_card()
    assert OnnxEngine(read_shipped(MODEL_FILE), card).card == card


def test_what_is_seen_is_the_mean_of_two_looks_so_that_turning_the_picture_turns_the_maps() -> None:
    model, card = student()
    engine, thumbnail = OnnxEngine(model, card), golden_thumbnails(card.thumbnail_width, card.thumbnail_height)["smoky"]
    turned = replace(thumbnail, values=np.ascontiguousarray(half_turned(thumbnail.values)))
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    looks = [session.run(OUTPUT_NAMES, {INPUT_NAME: t.values[None]}) for t in (thumbnail, turned)]
    assert np.abs(half_turned(looks[1][0]) - looks[0][0]).max() > 0.05, "one look alone depends on the turn"
    answer, turned_answer = engine.estimate(thumbnail), engine.estimate(turned)
    np.testing.assert_allclose(answer.values, (looks[0][0] + half_turned(looks[1][0]))[0] / 2, atol=1e-5)
    assert answer.density == pytest.approx(float(looks[0][1][0] + looks[1][1][0]) / 2, abs=1e-6)
    np.testing.assert_allclose(half_turned(turned_answer.values), answer.values, atol=1e-5)


def test_a_student_that_knows_pictures_the_right_way_up_only_looks_once() -> None:
    model, card = student()
    thumbnail = golden_thumbnails(card.thumbnail_width, card.thumbnail_height)["smoky"]
    once, twice = (OnnxEngine(model, replace(card, looks=looks)).estimate(thumbnail) for looks in (1, 2))
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    alone = session.run(OUTPUT_NAMES, {INPUT_NAME: thumbnail.values[None]})
    np.testing.assert_array_equal(once.values, alone[0][0])
    assert np.abs(once.values - twice.values).max() > 0.01


def test_an_engine_closed_by_another_thread_says_so_whenever_that_happens() -> None:
    model, card = student()
    engine, thumbnail = OnnxEngine(model, card), golden_thumbnails(card.thumbnail_width, card.thumbnail_height)["smoky"]
    closer = threading.Timer(0.05, engine.close)

    def ask_on() -> None:
        for _ in range(100_000):
            engine.estimate(thumbnail)

    closer.start()
    with pytest.raises(EngineRunError):
        ask_on()
    closer.join()
