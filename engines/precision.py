"""FP16 where it pays: the network's trunk in half precision, its last steps in single.

TensorRT 11 is strongly typed, so an engine is as precise as the graph it is given. Everything up to the last
convolution or matrix product runs in FP16; the bounds and the division 1 / t behind them stay FP32, because near
t = 0.2 a rounding of t to FP16 is worth more than one code value of the picture.
"""

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


def in_half(program: ExportedProgram) -> ExportedProgram:
    """The same program with an FP16 trunk; input and outputs stay float32."""
    module = program.module(check_guards=False)
    assert isinstance(module, fx.GraphModule)
    trunk = _trunk(module.graph)
    _halve_constants(module, trunk)
    for node in list(module.graph.nodes):
        if node not in trunk and node.op != "placeholder":
            _cast_inputs(node, torch.float32, {producer for producer in node.all_input_nodes if producer in trunk})
        elif node in trunk:
            _cast_inputs(node, torch.float16, {inlet for inlet in node.all_input_nodes if inlet.op == "placeholder"})
            _retype(node)
    module.recompile()
    assert program.example_inputs is not None
    return torch.export.export(module, program.example_inputs[0])


def _trunk(graph: fx.Graph) -> set[fx.Node]:
    """Everything some heavy node depends on, except the inputs of the network."""
    trunk: set[fx.Node] = set()
    waiting = [node for node in graph.nodes if node.target in _HEAVY]
    while waiting:
        node = waiting.pop()
        if node not in trunk and node.op != "placeholder":
            trunk.add(node)
            waiting.extend(node.all_input_nodes)
    return trunk


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


def _cast_inputs(node: fx.Node, dtype: torch.dtype, inputs: set[fx.Node]) -> None:
    for producer in inputs:
        if not _is_floating(producer):
            continue
        with node.graph.inserting_before(node):
            cast = node.graph.call_function(_aten.to.dtype, (producer, dtype))
        node.replace_input_with(producer, cast)


def _retype(node: fx.Node) -> None:
    if node.target == _aten.to.dtype and node.args[1] == torch.float32:
        node.update_arg(1, torch.float16)


def _is_floating(node: fx.Node) -> bool:
    value = node.meta.get("val")
    return node.op == "get_attr" or not isinstance(value, torch.Tensor) or value.is_floating_point()
