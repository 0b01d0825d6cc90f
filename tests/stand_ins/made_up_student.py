"""A tiny student with made-up weights that keeps the contract, as ONNX bytes with its card and as a torch program."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from eid_stream.backends.onnx_runtime.onnx_engine import OnnxEngine
from eid_stream.backends.self_test import golden_answers
from eid_stream.backends.student_contract import CARD_FILE, MODEL_FILE, PROGRAM_FILE
from eid_stream.core.engine_card import EngineCard

WIDTH, HEIGHT, GRID_WIDTH, GRID_HEIGHT, CELL = 256, 192, 32, 24, 8
AIRLIGHT = np.array([0.8, 0.01, -0.01], np.float32).reshape(1, 3, 1, 1)
LARGEST_VEIL = 0.75


def weights(seed: int = 1) -> dict[str, np.ndarray[Any, Any]]:
    """Two convolutions: 3 -> 8 channels 3x3, 8 -> 1 channel 1x1."""
    noise = np.random.default_rng(seed)
    return {
        "w1": noise.normal(0, 0.4, (8, 3, 3, 3)).astype(np.float32),
        "b1": noise.normal(0, 0.1, 8).astype(np.float32),
        "w2": noise.normal(0, 0.5, (1, 8, 1, 1)).astype(np.float32),
        "b2": np.array([-0.5], np.float32),
    }


def model_bytes(seed: int = 1, grid_name: str = "maps") -> bytes:
    """ONNX bytes: one transmission per cell from two convolutions, then gains 1/t and offsets A (1 - 1/t)."""
    constants = weights(seed) | {
        "airlight": AIRLIGHT,
        "veil": np.array(LARGEST_VEIL, np.float32),
        "one": np.array(1.0, np.float32),
        "split": np.array([1, 1, 1], np.int64),
        "flat": np.array([1], np.int64),
    }
    nodes = [
        helper.make_node("AveragePool", ["thumbnail"], ["cells"], kernel_shape=[CELL, CELL], strides=[CELL, CELL]),
        helper.make_node("Conv", ["cells", "w1", "b1"], ["features"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["features"], ["positive"]),
        helper.make_node("Conv", ["positive", "w2", "b2"], ["logit"]),
        helper.make_node("Sigmoid", ["logit"], ["haze"]),
        helper.make_node("Mul", ["haze", "veil"], ["opacity"]),
        helper.make_node("Sub", ["one", "opacity"], ["transmission"]),
        helper.make_node("Div", ["one", "transmission"], ["gain"]),
        helper.make_node("Sub", ["one", "gain"], ["loss"]),
        helper.make_node("Mul", ["airlight", "loss"], ["offsets"]),
        helper.make_node("Split", ["offsets", "split"], ["y", "cb", "cr"], axis=1),
        helper.make_node("Concat", ["gain", "y", "gain", "cb", "cr"], [grid_name], axis=1),
        helper.make_node("ReduceMean", ["haze"], ["mean"], keepdims=0),
        helper.make_node("Reshape", ["mean", "flat"], ["density"]),
    ]
    graph = helper.make_graph(
        nodes,
        "made-up student",
        [helper.make_tensor_value_info("thumbnail", TensorProto.FLOAT, [1, 3, HEIGHT, WIDTH])],
        [
            helper.make_tensor_value_info(grid_name, TensorProto.FLOAT, [1, 5, GRID_HEIGHT, GRID_WIDTH]),
            helper.make_tensor_value_info("density", TensorProto.FLOAT, [1]),
        ],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def card_of(model: bytes) -> EngineCard:
    """A card without golden answers."""
    digest = hashlib.sha256(model).hexdigest()
    return EngineCard("made-up", "1", "onnx", WIDTH, HEIGHT, GRID_WIDTH, GRID_HEIGHT, student_sha256=digest)


def student(seed: int = 1) -> tuple[bytes, EngineCard]:
    """ONNX bytes and their card with golden answers."""
    model = model_bytes(seed)
    card = card_of(model)
    return model, replace(card, golden=golden_answers(OnnxEngine(model, card)))


def network(seed: int = 1) -> Any:
    """The same student as a torch module."""
    import torch
    from torch.nn import functional as F

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.constants = torch.nn.ParameterDict(
                {name: torch.from_numpy(value) for name, value in (weights(seed) | {"airlight": AIRLIGHT}).items()}
            )

        def forward(self, thumbnail: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            constants = self.constants
            features = torch.relu(F.conv2d(F.avg_pool2d(thumbnail, CELL), constants["w1"], constants["b1"], padding=1))
            haze = torch.sigmoid(F.conv2d(features, constants["w2"], constants["b2"]))
            gain = 1.0 / (1.0 - LARGEST_VEIL * haze)
            offsets = constants["airlight"] * (1.0 - gain)
            maps = torch.cat([gain, offsets[:, :1], gain, offsets[:, 1:]], dim=1)
            return maps, haze.mean((1, 2, 3))

    return Network().eval()


def program_bytes(seed: int = 1) -> bytes:
    """The torch module as an exported program, which looks twice."""
    from training.export.program import export_program
    from training.export.two_looks import BothLooks

    return export_program(BothLooks(network(seed)), WIDTH, HEIGHT)


def write_student(folder: Path, seed: int = 1) -> None:
    """All three files of a student."""
    model, card = student(seed)
    program = program_bytes(seed)
    (folder / MODEL_FILE).write_bytes(model)
    (folder / PROGRAM_FILE).write_bytes(program)
    replace(card, program_sha256=hashlib.sha256(program).hexdigest()).save(folder / CARD_FILE)
