"""The student in half precision as ``rtx`` runs it; numbers come from ONNX Runtime on the CPU."""

from collections import Counter
from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from eid_stream.backends.onnx_runtime.half_model import in_half
from eid_stream.backends.onnx_runtime.onnx_engine import open_onnx
from eid_stream.backends.onnx_runtime.session_engine import SessionEngine
from eid_stream.backends.student_contract import MODEL_FILE, PROGRAM_FILE, read_shipped
from eid_stream.building import precision
from eid_stream.building.program_file import load_program
from eid_stream.building.verification import compare_engines, require_agreement


@pytest.fixture(scope="module")
def halved() -> bytes:
    """The shipped student."""
    return in_half(read_shipped(MODEL_FILE))


def session(model: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def types_of_outputs(model: bytes, operator: str) -> list[str]:
    made = onnx.shape_inference.infer_shapes(onnx.load_from_string(model), strict_mode=True)
    types = {value.name: value.type.tensor_type.elem_type for value in (*made.graph.value_info, *made.graph.output)}
    found = [types[node.output[0]] for node in made.graph.node if node.op_type == operator]
    return [TensorProto.DataType.Name(each) for each in found]


def test_the_shipped_student_in_half_agrees_with_the_fp32_reference(halved: bytes) -> None:
    reference = open_onnx()
    engine = SessionEngine(session(halved), replace(reference.card, backend="rtx"), at_once=False)
    require_agreement(compare_engines(engine, reference), "rtx")


def test_the_same_convolutions_are_halved_as_in_the_program_for_cuda_and_tensorrt(halved: bytes) -> None:
    program = precision.in_half(load_program(read_shipped(PROGRAM_FILE)))
    convolutions = [node for node in program.graph.nodes if str(node.target).startswith("aten.conv2d")]
    theirs = Counter({torch.float16: "FLOAT16", torch.float32: "FLOAT"}[n.meta["val"].dtype] for n in convolutions)
    assert Counter(types_of_outputs(halved, "Conv")) == theirs


def test_the_model_is_valid_and_keeps_nothing_that_no_step_reads(halved: bytes) -> None:
    onnx.checker.check_model(halved, full_check=True)
    graph = onnx.load_from_string(halved).graph
    read = {name for node in graph.node for name in node.input}
    assert all(constant.name in read for constant in graph.initializer)
    assert {value.type.tensor_type.elem_type for value in (*graph.input, *graph.output)} == {TensorProto.FLOAT}


def made_up() -> bytes:
    """A convolution of the thumbnail, one behind it, one after an enlargement, and a root behind that."""
    noise = np.random.default_rng(1)
    constants = {
        "first": noise.normal(0, 0.3, (4, 3, 3, 3)).astype(np.float32),
        "second": noise.normal(0, 0.3, (4, 4, 3, 3)).astype(np.float32),
        "scales": np.array([1, 1, 2, 2], np.float32),
        "small": np.array(1e-9, np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["thumbnail", "first"], ["edges"], pads=[1, 1, 1, 1]),
        helper.make_node("Conv", ["edges", "second"], ["inner"], pads=[1, 1, 1, 1]),
        helper.make_node("Resize", ["inner", "", "scales"], ["larger"]),
        helper.make_node("Conv", ["larger", "second"], ["outer"], pads=[1, 1, 1, 1]),
        helper.make_node("Abs", ["outer"], ["positive"]),
        helper.make_node("Mul", ["positive", "small"], ["tiny"]),
        helper.make_node("Div", ["tiny", "small"], ["maps"]),
    ]
    thumbnail = helper.make_tensor_value_info("thumbnail", TensorProto.FLOAT, [1, 3, 8, 8])
    maps = helper.make_tensor_value_info("maps", TensorProto.FLOAT, [1, 4, 16, 16])
    initializers = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "made up", [thumbnail], [maps], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    return bytes(model.SerializeToString())


def test_what_reads_the_thumbnail_and_what_follows_the_last_convolution_stays_single() -> None:
    halved = in_half(made_up())
    assert types_of_outputs(halved, "Conv") == ["FLOAT", "FLOAT16", "FLOAT16"]
    assert types_of_outputs(halved, "Resize") == ["FLOAT16"]
    assert types_of_outputs(halved, "Div") == ["FLOAT"]


def test_an_enlargement_within_the_trunk_and_steps_too_small_for_half_behind_it_survive() -> None:
    thumbnail = {"thumbnail": np.random.default_rng(2).random((1, 3, 8, 8), np.float32)}
    (expected,), (answer,) = (session(model).run(["maps"], thumbnail) for model in (made_up(), in_half(made_up())))
    assert expected.max() > 0.5
    np.testing.assert_allclose(answer, expected, atol=5e-3)
