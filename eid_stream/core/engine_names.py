"""The engines that can be asked for by name."""

from typing import Literal

EngineName = Literal["auto", "tensorrt", "rtx", "cuda", "webgpu", "onnx", "openvino", "prior"]
