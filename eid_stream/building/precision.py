"""FP16 where it pays: the network's trunk in half precision, its last steps in single.

TensorRT 11 is strongly typed, so an engine is as precise as the graph it is given. Everything up to the last
convolution or matrix product runs in FP16; the bounds and the division 1 / t behind them stay FP32, because near
t = 0.2 a rounding of t to FP16 is worth more than one code value of the picture. A convolution that reads the thumbnail
itself stays FP32 too: in a smooth picture the rounding of its samples is a pattern, which edge filters amplify.
"""

import operator

import torch
from torch import fx
from torch.export import ExportedProgram

_aten = torch.ops.aten
_HEAVY = frozenset(
    {
        _aten.conv2d.default,
        _aten.conv2d.padding,
        _aten.convolution.default,
        _aten.linear.default,
        _aten.addmm.default,
        _aten.mm.default,
        _aten.bmm.default,
        _aten.matmul.default,
    }
)
_MOVES = frozenset({_aten.flip.default, _aten.cat.default})


def in_half(program: ExportedProgram) -> ExportedProgram:
    """The same program with an FP16 trunk; input and outputs stay float32."""
    module = program.module(check_guards=False)
    assert isinstance(module, fx.GraphModule)
    _drop_type_checks(module.graph)
    trunk = _trunk(module.graph)
    _halve_constants(module, trunk)
    casts = _Casts(module.graph)
    for node in list(module.graph.nodes):
        if node in trunk:
            casts.feed(node, torch.float16, [producer for producer in node.all_input_nodes if producer not in trunk])
            _retype(node)
        else:
            casts.feed(node, torch.float32, [producer for producer in node.all_input_nodes if producer in trunk])
    module.recompile()
    assert program.example_inputs is not None
    return torch.export.export(module, program.example_inputs[0])


class _Casts:
    """Conversions between the two precisions, one per value however many nodes read it."""

    def __init__(self, graph: fx.Graph) -> None:
        self._graph = graph
        self._made: dict[tuple[fx.Node, torch.dtype], fx.Node] = {}

    def feed(self, node: fx.Node, dtype: torch.dtype, inputs: list[fx.Node]) -> None:
        """Let ``node`` read its floating-point ``inputs`` as ``dtype``."""
        for producer in inputs:
            if _is_floating(producer):
                node.replace_input_with(producer, self._cast(producer, dtype))

    def _cast(self, producer: fx.Node, dtype: torch.dtype) -> fx.Node:
        if (producer, dtype) not in self._made:
            with self._graph.inserting_after(producer):
                self._made[producer, dtype] = self._graph.call_function(_aten.to.dtype, (producer, dtype))
        return self._made[producer, dtype]


def _trunk(graph: fx.Graph) -> set[fx.Node]:
    """Everything some heavy node depends on, except the inputs of the network and convolutions that read them."""
    trunk: set[fx.Node] = set()
    waiting = [node for node in graph.nodes if node.target in _HEAVY]
    while waiting:
        node = waiting.pop()
        if node not in trunk and not _is_input(node) and not _reads_an_input(node):
            trunk.add(node)
            waiting.extend(node.all_input_nodes)
    # Parts of what the trunk splits stay with it: only tensors are converted, not lists of them.
    return trunk | {node for node in graph.nodes if node.target is operator.getitem and node.args[0] in trunk}


def _reads_an_input(node: fx.Node) -> bool:
    return node.target in _HEAVY and any(map(_is_input, node.all_input_nodes))


def _is_input(node: fx.Node) -> bool:
    """Whether a node is an input of the network, or inputs turned and put together."""
    return node.op == "placeholder" or (node.target in _MOVES and all(map(_is_input, node.all_input_nodes)))


def _halve_constants(module: fx.GraphModule, trunk: set[fx.Node]) -> None:
    for node in trunk:
        if node.op != "get_attr":
            continue
        path, _, name = str(node.target).rpartition(".")
        owner = module.get_submodule(path)
        value = getattr(owner, name)
        if value.is_floating_point() and value.dtype != torch.float16:
            halved = value.detach().half()
            is_parameter = isinstance(value, torch.nn.Parameter)
            setattr(owner, name, torch.nn.Parameter(halved, requires_grad=False) if is_parameter else halved)


def _drop_type_checks(graph: fx.Graph) -> None:
    for node in list(graph.nodes):
        if node.target == _aten._assert_tensor_metadata.default:
            graph.erase_node(node)


def _retype(node: fx.Node) -> None:
    if node.target == _aten.to.dtype and node.args[1] == torch.float32:
        node.update_arg(1, torch.float16)


def _is_floating(node: fx.Node) -> bool:
    value = node.meta.get("val")
    return node.op == "get_attr" or not isinstance(value, torch.Tensor) or value.is_floating_point()
