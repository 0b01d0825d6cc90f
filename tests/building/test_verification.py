from collections.abc import Callable

import numpy as np
import pytest

from eid_stream.backends.onnx_runtime.onnx_engine import OnnxEngine
from eid_stream.building.verification import compare_engines, require_agreement
from eid_stream.core.engine_card import EngineCard
from eid_stream.core.errors import EngineMismatchError
from eid_stream.core.haze_maps import GAIN_LUMA, OFFSET_CR, OFFSET_Y, HazeMaps
from eid_stream.core.interfaces import Engine
from eid_stream.core.thumbnail import Thumbnail
from tests.stand_ins.made_up_student import student


class Altered:
    """An engine whose answers went through something."""

    def __init__(self, engine: Engine, alter: Callable[[HazeMaps], HazeMaps]) -> None:
        self._engine = engine
        self._alter = alter

    @property
    def card(self) -> EngineCard:
        return self._engine.card

    def estimate(self, thumbnail: Thumbnail) -> HazeMaps:
        return self._alter(self._engine.estimate(thumbnail))

    def reset(self) -> None:
        self._engine.reset()

    def close(self) -> None:
        self._engine.close()


def shifted(channel: int, by: float) -> Callable[[HazeMaps], HazeMaps]:
    def alter(maps: HazeMaps) -> HazeMaps:
        maps.values[channel] += np.float32(by)
        return maps

    return alter


def one_cell_off(maps: HazeMaps) -> HazeMaps:
    maps.values[OFFSET_Y, 12, 16] += np.float32(0.015)
    return maps


def denser(maps: HazeMaps) -> HazeMaps:
    return HazeMaps(maps.values, min(1.0, maps.density + 0.05))


def mirrored(maps: HazeMaps) -> HazeMaps:
    return HazeMaps(np.ascontiguousarray(maps.values[:, :, ::-1]), maps.density)


def not_a_number(maps: HazeMaps) -> HazeMaps:
    return HazeMaps(maps.values * np.float32(np.nan), maps.density)


def test_an_engine_agrees_with_itself_to_the_last_bit() -> None:
    rows = compare_engines(OnnxEngine(*student()), OnnxEngine(*student()))
    assert {(row.maps_difference, row.density_difference, row.largest_codes) for row in rows} == {(0.0, 0.0, 0)}
    assert [row.thumbnail for row in rows] == ["smoky", "clear", "black", "white", "noise", "extremes"]


@pytest.mark.parametrize("by", [0.001, -0.003])
def test_less_than_a_code_value_is_accepted(by: float) -> None:
    reference = OnnxEngine(*student())
    require_agreement(compare_engines(Altered(reference, shifted(OFFSET_Y, by)), reference), "fp16")


@pytest.mark.parametrize(
    "alter",
    [shifted(GAIN_LUMA, 0.03), shifted(OFFSET_CR, 0.007), one_cell_off, denser, mirrored],
    ids=["gain", "two codes of Cr", "one cell", "density", "mirrored"],
)
def test_what_a_viewer_could_see_is_refused(alter: Callable[[HazeMaps], HazeMaps]) -> None:
    reference = OnnxEngine(*student())
    rows = compare_engines(Altered(reference, alter), reference)
    with pytest.raises(EngineMismatchError, match=r"does not agree with the FP32 reference and is not kept"):
        require_agreement(rows, "tensorrt")


def test_not_a_number_is_refused_at_once() -> None:
    reference = OnnxEngine(*student())
    with pytest.raises(EngineMismatchError, match="answers 'smoky' with haze maps hold NaN"):
        compare_engines(Altered(reference, not_a_number), reference)
