"""The trunk's first stages, which never learn, by ONNX Runtime: in training on a CPU that is three times as fast."""

from typing import Any

import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from training.network.imagenet import InvertedResidual
from training.network.trunk import CHANNELS, Trunk

INPUT, OUTPUT = "thumbnail", "at_4"


class FrozenStages:
    """Y'CbCr (n, 3, h, w) to what ``Trunk.to_4`` says of it, without gradients."""

    def __init__(self, trunk: Trunk, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        model = _Graph().of(trunk.to_4).SerializeToString()
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def __call__(self, thumbnails: Tensor) -> Tensor:
        """Features (n, 24, h / 4, w / 4): one picture after the other stays in the processor's cache."""
        pictures = thumbnails.contiguous().numpy()
        answers = [self._session.run(None, {INPUT: picture[None]})[0] for picture in pictures]
        return torch.cat([torch.from_numpy(answer) for answer in answers])


class _Graph:
    """The stages as an ONNX graph: torch's exporter takes half a minute for these few convolutions."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []

    def of(self, stages: nn.Sequential) -> onnx.ModelProto:
        """The whole graph, of pictures of any size."""
        last = self._sequence(stages, INPUT)
        self._nodes.append(helper.make_node("Identity", [last], [OUTPUT]))
        sides = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, None, None])
            for name, channels in ((INPUT, 3), (OUTPUT, CHANNELS.at_4))
        ]
        graph = helper.make_graph(self._nodes, "first stages", sides[:1], sides[1:], self._weights)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)

    def _sequence(self, parts: nn.Module, x: str) -> str:
        for part in parts.children():
            x = self._part(part, x)
        return x

    def _part(self, part: nn.Module, x: str) -> str:
        if isinstance(part, nn.Conv2d):
            return self._convolution(part, x)
        if isinstance(part, nn.ReLU):
            return self._node("Relu", [x])
        assert isinstance(part, InvertedResidual)
        y = self._convolution(part.project, self._sequence(part.filter, self._sequence(part.expand, x)))
        return self._node("Add", [x, y]) if part.around else y

    def _convolution(self, part: nn.Conv2d, x: str) -> str:
        assert part.bias is not None
        names = []
        for values in (part.weight, part.bias):
            names.append(f"w{len(self._weights)}")
            self._weights.append(numpy_helper.from_array(values.detach().contiguous().numpy(), names[-1]))
        pads = [int(side) for side in part.padding] * 2
        return self._node("Conv", [x, *names], pads=pads, strides=list(part.stride), group=part.groups)

    def _node(self, kind: str, inputs: list[str], **attributes: Any) -> str:
        name = f"x{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name
