"""What every engine keeps, whatever runs it."""

import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from eid_stream.backends.cuda.built_device_engine import open_built
from eid_stream.backends.engine_choice import open_engine
from eid_stream.backends.onnx_runtime.onnx_engine import OnnxEngine
from eid_stream.backends.onnx_runtime.plugin_engine import plugin_engine
from eid_stream.backends.onnx_runtime.plugin_providers import PROVIDERS
from eid_stream.backends.prior_engine import PriorEngine
from eid_stream.backends.self_test import check, golden_thumbnails
from eid_stream.core.errors import EngineLoadError, EngineRunError
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.interfaces import Engine
from eid_stream.core.thumbnail import Area, Thumbnail
from tests.stand_ins.made_up_student import student


def _onnx() -> Engine:
    return OnnxEngine(*student())


def _prior() -> Engine:
    return PriorEngine()


def _chosen() -> Engine:
    return open_engine("auto")


def _cuda() -> Engine:
    return open_built("cuda")


def _tensorrt() -> Engine:
    return open_built("tensorrt")


def _rtx() -> Engine:
    return plugin_engine(PROVIDERS["rtx"], *student())


def _webgpu() -> Engine:
    return plugin_engine(PROVIDERS["webgpu"], *student())


def _openvino() -> Engine:
    return plugin_engine(PROVIDERS["openvino"], *student())


OPENERS: list[Callable[[], Engine]] = [
    _onnx, _prior, _chosen, _cuda, _tensorrt, _rtx, _webgpu, _openvino,
]  # fmt: skip


@pytest.fixture(params=OPENERS, ids=lambda opener: opener.__name__.strip("_"))
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    try:
        opened: Engine = request.param()
    except EngineLoadError as reason:
        pytest.skip(str(reason))
    yield opened
    opened.close()


def thumbnails(engine: Engine) -> dict[str, Thumbnail]:
    return golden_thumbnails(engine.card.thumbnail_width, engine.card.thumbnail_height)


def test_every_golden_thumbnail_gets_sound_maps_of_the_cards_grid(engine: Engine) -> None:
    for thumbnail in thumbnails(engine).values():
        maps = engine.estimate(thumbnail)
        assert maps.fault() is None
        assert maps.grid == (engine.card.grid_height, engine.card.grid_width)


def test_the_engine_passes_its_own_self_test(engine: Engine) -> None:
    check(engine)


def test_an_answer_belongs_to_the_caller(engine: Engine) -> None:
    asked = thumbnails(engine)
    first = engine.estimate(asked["smoky"])
    kept = first.values.copy()
    engine.estimate(asked["white"])
    np.testing.assert_array_equal(first.values, kept)
    first.values[:] = 99.0
    engine.reset()
    np.testing.assert_allclose(engine.estimate(asked["smoky"]).values, kept, atol=1e-3)


def test_the_thumbnail_is_only_read(engine: Engine) -> None:
    thumbnail = thumbnails(engine)["smoky"]
    before = thumbnail.values.copy()
    thumbnail.values.flags.writeable = False
    engine.estimate(thumbnail)
    np.testing.assert_array_equal(thumbnail.values, before)


def test_after_a_reset_the_same_thumbnail_gets_the_same_answer(engine: Engine) -> None:
    asked = thumbnails(engine)
    engine.reset()
    first = engine.estimate(asked["smoky"])
    engine.estimate(asked["noise"])
    engine.reset()
    again = engine.estimate(asked["smoky"])
    np.testing.assert_allclose(again.values, first.values, atol=1e-3)
    assert again.density == pytest.approx(first.density, abs=1e-3)


def test_it_answers_in_another_thread_than_it_was_opened_in(engine: Engine) -> None:
    answers: list[HazeMaps] = []
    thumbnail = thumbnails(engine)["smoky"]
    thread = threading.Thread(target=lambda: answers.append(engine.estimate(thumbnail)))
    thread.start()
    thread.join()
    assert answers[0].fault() is None


def test_a_thumbnail_of_another_size_is_an_error_that_the_stream_survives(engine: Engine) -> None:
    if engine.card.backend == "prior":
        pytest.skip("the prior takes thumbnails of every size")
    odd = Thumbnail(np.zeros((3, 90, 160), np.float32), Area(0, 0, 160, 90))
    with pytest.raises(EngineRunError, match="takes float32"):
        engine.estimate(odd)
    assert engine.estimate(thumbnails(engine)["smoky"]).fault() is None


def test_it_may_be_closed_twice_and_then_refuses_to_answer(engine: Engine) -> None:
    engine.close()
    engine.close()
    if isinstance(engine, PriorEngine):
        return
    with pytest.raises(EngineRunError, match="closed"):
        engine.estimate(thumbnails(engine)["smoky"])
