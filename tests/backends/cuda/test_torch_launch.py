"""What can be known of the CUDA engine without a device; the rest is in test_engine_contract.py."""

import hashlib
import inspect

import numpy as np
import pytest
import torch

from eid_stream.backends.cuda.built_device_engine import device_engine
from eid_stream.backends.cuda.device_engine import _places
from eid_stream.backends.cuda.torch_launch import load_network
from eid_stream.backends.self_test import golden_thumbnails
from eid_stream.backends.student_contract import PROGRAM_FILE, output_shapes, read_shipped, shipped_card
from eid_stream.core.engine_card import EngineCard
from eid_stream.core.errors import EngineLoadError, EngineMismatchError
from tests.stand_ins.made_up_student import card_of, network, program_bytes


def card(program: bytes) -> EngineCard:
    return EngineCard("made-up", "1", "cuda", 256, 192, 32, 24, engine_sha256=hashlib.sha256(program).hexdigest())


def test_the_exported_program_answers_as_the_network_did_on_average_of_both_looks() -> None:
    thumbnail = torch.from_numpy(golden_thumbnails(256, 192)["smoky"].values[np.newaxis])
    with torch.no_grad():
        maps, density = load_network(program_bytes(), "cpu")(thumbnail)
        straight, turned = network()(thumbnail), network()(thumbnail.flip((2, 3)))
    torch.testing.assert_close(maps, (straight[0] + turned[0].flip((2, 3))) / 2)
    torch.testing.assert_close(density, (straight[1] + turned[1]) / 2)


def test_nothing_in_the_shipped_program_is_tied_to_the_cpu() -> None:
    """On the meta device every operation meets a tensor that was left behind on the CPU, as it would on a GPU."""
    moved = load_network(read_shipped(PROGRAM_FILE), "meta")
    with torch.no_grad():
        answers = moved(torch.zeros(1, 3, 192, 256, device="meta"))
    assert {answer.device.type for answer in answers} == {"meta"}
    assert tuple(tuple(answer.shape) for answer in answers) == output_shapes(shipped_card())


def test_outputs_start_where_tensorrt_wants_them() -> None:
    places = _places(((1, 5, 7, 9), (1,)))
    assert [place.start % 64 for place in places] == [0, 0]
    assert [place.stop - place.start for place in places] == [315, 1]
    assert places[1].start >= places[0].stop


def test_what_pytorch_cannot_read_is_told_in_one_sentence() -> None:
    with pytest.raises(EngineLoadError, match=r"cannot load the exported program.*eid-stream-build --target cuda"):
        load_network(b"no program", "cpu")


def test_a_program_that_is_not_the_cards_is_refused_before_pytorch_sees_it() -> None:
    with pytest.raises(EngineMismatchError, match="SHA-256"):
        device_engine(b"other", card(b"program"), "cuda")
    with pytest.raises(EngineMismatchError, match="backend 'onnx'"):
        device_engine(b"program", card_of(b"program"), "cuda")


def test_pytorchs_graph_capture_takes_what_we_pass() -> None:
    inspect.signature(torch.cuda.graph).bind(object(), stream=None, capture_error_mode="thread_local")
