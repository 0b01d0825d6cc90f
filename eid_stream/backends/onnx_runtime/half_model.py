"""A student's ONNX model in half precision, made when it is loaded: no second file to ship, no PyTorch.

The same cut as in ``building.precision``: the trunk computes in FP16; convolutions that read the thumbnail itself, and
everything behind the last convolution or matrix product, stay FP32. ``onnxruntime.transformers.float16`` rounds every
value between the steps that stay FP32 to FP16 too, and is 0.017 of the 0.02 allowed off on white: hence our own.
"""

from collections.abc import Iterator

import numpy as np
import onnx
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

_HEAVY = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})
_STAYS_SINGLE = {"Resize": (1, 2)}
"""Inputs that the operator takes in FP32 only, by their place."""


def in_half(model: bytes) -> bytes:
    """ONNX bytes of the same network with an FP16 trunk; input and outputs stay float32."""
    made = onnx.load_from_string(model)
    halves = _Halves(onnx.shape_inference.infer_shapes(made))
    nodes = [each for node in made.graph.node for each in halves.rewritten(node)]
    del made.graph.node[:]
    made.graph.node.extend(nodes)
    read = {name for node in nodes for name in node.input}
    constants = [each for each in (*made.graph.initializer, *halves.initializers) if each.name in read]
    del made.graph.initializer[:], made.graph.value_info[:]
    made.graph.initializer.extend(constants)
    return bytes(made.SerializeToString())


def trunk_of(graph: GraphProto) -> set[str]:
    """Names of the values that some heavy node depends on, except inputs of the network and convolutions of them."""
    makers = {name: node for node in graph.node for name in node.output}
    ends = {value.name for value in (*graph.input, *graph.output)}
    trunk: set[str] = set()
    waiting = [node for node in graph.node if node.op_type in _HEAVY]
    while waiting:
        node = waiting.pop()
        if trunk.issuperset(node.output) or ends.intersection(node.output) or _reads_an_input(node, ends):
            continue
        trunk.update(node.output)
        waiting.extend(makers[name] for name in _values_of(node) if name in makers)
    return trunk


class _Halves:
    """Rewrites the nodes of a model; a constant is halved and a value converted once, however many nodes read it."""

    def __init__(self, typed: ModelProto) -> None:
        graph = typed.graph
        self._trunk = trunk_of(graph)
        self._constants = {constant.name: constant for constant in graph.initializer}
        self._floating = {
            value.name
            for value in (*graph.input, *graph.value_info, *graph.output)
            if value.type.tensor_type.elem_type == TensorProto.FLOAT
        } | {constant.name for constant in graph.initializer if constant.data_type == TensorProto.FLOAT}
        self._made: set[str] = set()
        self.initializers: list[TensorProto] = []

    def rewritten(self, node: NodeProto) -> Iterator[NodeProto]:
        """Conversions that the node needs, then the node itself."""
        inside = self._trunk.issuperset(node.output)
        floating = self._floating.intersection(_values_of(node) if inside else node.input)
        for name in sorted(floating):
            if inside and name in self._constants:
                self._halve(name)
            elif inside != (name in self._trunk) and _converted(name, half=inside) not in self._made:
                yield self._cast(name, half=inside)
        for place, name in enumerate(node.input):
            if name in floating and inside != (name in self._trunk):
                node.input[place] = _converted(name, half=inside)
        if inside:
            _retype(node)
        yield node

    def _halve(self, name: str) -> None:
        halved = _converted(name, half=True)
        if halved not in self._made:
            self._made.add(halved)
            values = numpy_helper.to_array(self._constants[name]).astype(np.float16)
            self.initializers.append(numpy_helper.from_array(values, halved))

    def _cast(self, name: str, *, half: bool) -> NodeProto:
        made = _converted(name, half=half)
        self._made.add(made)
        return helper.make_node("Cast", [name], [made], to=TensorProto.FLOAT16 if half else TensorProto.FLOAT)


def _converted(name: str, *, half: bool) -> str:
    return f"{name}.{'fp16' if half else 'fp32'}"


def _reads_an_input(node: NodeProto, ends: set[str]) -> bool:
    return node.op_type in _HEAVY and node.input[0] in ends


def _values_of(node: NodeProto) -> list[str]:
    return [name for place, name in enumerate(node.input) if place not in _STAYS_SINGLE.get(node.op_type, ())]


def _retype(node: NodeProto) -> None:
    for attribute in node.attribute:
        if node.op_type == "Cast" and attribute.name == "to" and attribute.i == TensorProto.FLOAT:
            attribute.i = TensorProto.FLOAT16
        if attribute.type == AttributeProto.TENSOR and attribute.t.data_type == TensorProto.FLOAT:
            attribute.t.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(attribute.t).astype(np.float16)))
