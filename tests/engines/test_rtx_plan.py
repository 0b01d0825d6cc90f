"""TensorRT's real parser and builder on the shipped student; no GPU is needed to build."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from eid_stream.backends.engine_cache import EngineCache, EngineKey
from eid_stream.backends.onnx_runtime.half_model import in_half, trunk_of
from eid_stream.backends.student_contract import MODEL_FILE, read_shipped, shipped_card
from eid_stream.core.errors import EngineLoadError
from engines.rtx_plan import Plan, build_plan, read_plan, weights_of

pytest.importorskip("tensorrt_rtx_bindings", reason="TensorRT for RTX is not installed: pip install -e '.[engines]'")

CONVOLUTIONS = ("Conv", "ConvTranspose")
ALIGNMENT = 256
"""Bytes that a constant may take more than its own in a plan."""


@pytest.fixture(scope="module")
def single() -> bytes:
    return read_shipped(MODEL_FILE)


@pytest.fixture(scope="module")
def half(single: bytes) -> bytes:
    return in_half(single)


@pytest.fixture(scope="module")
def single_plan(single: bytes) -> Plan:
    return build_plan(single)


@pytest.fixture(scope="module")
def half_plan(half: bytes) -> Plan:
    return build_plan(half)


def weights_in(model: bytes, bytes_per_value: int) -> tuple[int, int]:
    """Least and most bytes of a plan: what convolutions and products read as weights, and that with the rest."""
    graph = onnx.load_from_string(model).graph
    sizes = {each.name: numpy_helper.to_array(each).size for each in graph.initializer}
    casts = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "Cast"}
    heavy = [node for node in graph.node if node.op_type in (*CONVOLUTIONS, "Gemm", "MatMul")]
    read = {casts.get(name, name) for node in heavy for name in node.input} & set(sizes)
    least = bytes_per_value * sum(sizes[name] for name in read)
    rest = 4 * sum(size for name, size in sizes.items() if name not in read)
    return least, least + rest + ALIGNMENT * len(sizes)


def test_both_precisions_of_the_shipped_student_are_parsed_and_built(single_plan: Plan, half_plan: Plan) -> None:
    for plan in (single_plan, half_plan):
        assert plan.parsed_layers > 0
        assert len(plan.content) > len(weights_of(plan.content)) > 0


def test_every_convolution_of_the_graph_is_a_step_of_the_plan(
    single: bytes, half: bytes, single_plan: Plan, half_plan: Plan
) -> None:
    for model, plan in ((single, single_plan), (half, half_plan)):
        graph = onnx.load_from_string(model).graph
        convolutions = {node.name for node in graph.node if node.op_type in CONVOLUTIONS}
        assert convolutions <= read_plan(plan.content, model).steps


def test_the_plan_holds_the_weights_in_the_precision_of_the_graph(
    single: bytes, half: bytes, single_plan: Plan, half_plan: Plan
) -> None:
    in_single, in_half_ = read_plan(single_plan.content, single), read_plan(half_plan.content, single)
    for contents, bytes_per_value in ((in_single, 4), (in_half_, 2)):
        least, most = weights_in(single, bytes_per_value)
        assert 0.98 * least <= contents.weight_bytes <= most
    assert in_half_.weight_bytes < 0.7 * in_single.weight_bytes
    assert in_single.single_constants > 10 * in_single.half_constants
    assert in_half_.half_constants > 10 * in_half_.single_constants


def test_a_plan_is_kept_as_on_a_card_and_comes_back_whole(half_plan: Plan, tmp_path: Path) -> None:
    cache = EngineCache(tmp_path)
    key = EngineKey("tensorrt", "fp16", shipped_card().student_sha256, "SM86", "any", "tensorrt-rtx 1.7")
    cache.save(key, half_plan.content, shipped_card())
    assert cache.load(key).content == half_plan.content


def test_a_student_with_an_operator_that_tensorrt_lacks_is_refused_with_its_name() -> None:
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, 4, 4]) for name in ("thumbnail", "maps")]
    nodes = [
        helper.make_node("Det", ["thumbnail"], ["determinant"]),
        helper.make_node("Reshape", ["determinant", "shape"], ["column"]),
        helper.make_node("Add", ["thumbnail", "column"], ["maps"]),
    ]
    shape = numpy_helper.from_array(np.array([1, 3, 1, 1]), "shape")
    graph = helper.make_graph(nodes, "lacking", values[:1], values[1:], [shape])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.checker.check_model(model)
    with pytest.raises(EngineLoadError, match=r"TensorRT 1\.\d+\.\S+ cannot take the model: .*Det"):
        build_plan(bytes(model.SerializeToString()))


def test_what_is_no_plan_is_refused() -> None:
    with pytest.raises(EngineLoadError, match="no section of weights"):
        weights_of(b"no plan")


def test_the_trunk_that_is_halved_is_not_empty(single: bytes) -> None:
    assert len(trunk_of(onnx.load_from_string(single).graph)) > 1


@pytest.mark.parametrize(
    ("holder", "calls"),
    [
        ("Runtime", ["deserialize_cuda_engine"]),
        ("ICudaEngine", ["num_io_tensors", "get_tensor_name", "get_tensor_shape", "create_execution_context"]),
        ("IExecutionContext", ["set_tensor_address", "execute_async_v3"]),
    ],
)
def test_every_call_of_the_tensorrt_engine_exists_in_the_real_bindings(holder: str, calls: list[str]) -> None:
    import tensorrt_rtx_bindings as trt

    source = Path(__file__).parents[2] / "eid_stream" / "backends" / "cuda" / "tensorrt_launch.py"
    for call in calls:
        assert f".{call}" in source.read_text(encoding="utf-8")
        assert hasattr(getattr(trt, holder), call)
