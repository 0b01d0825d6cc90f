"""Write a model as ONNX and prove that ONNX Runtime answers as torch does."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from eid_stream.backends.self_test import golden_thumbnails
from eid_stream.backends.student_contract import INPUT_NAME, OUTPUT_NAMES
from eid_stream.core.errors import EngineMismatchError
from eid_stream.core.thumbnail import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH


def write_onnx(student: nn.Module, path: Path, tolerance: float, *, halve_weights: bool = False) -> None:
    """Write a model with static shapes and check that ONNX Runtime answers as torch does.

    With ``halve_weights`` the file holds weights that were rounded to half precision as such, and is half as large;
    they become single precision once, when it is loaded, and that is what is computed in.

    Raises:
        EngineMismatchError: an answer to a golden thumbnail differs by more than ``tolerance``.
    """
    program = torch.onnx.export(
        student, (_any_thumbnail(),), dynamo=True, input_names=[INPUT_NAME], output_names=list(OUTPUT_NAMES),
        verbose=False,
    )  # fmt: skip
    assert program is not None
    for node in program.model.graph:
        node.metadata_props.clear()  # stack traces with the paths of this machine
    model = program.model_proto
    if halve_weights:
        _hold_weights_in_half(model)
    onnx.save(model, path)
    _require_same_answers(student, path, tolerance)


def _hold_weights_in_half(model: onnx.ModelProto) -> None:
    """Weights that half precision holds exactly become half and a cast, which ONNX Runtime folds when it loads them."""
    casts = []
    for weight in model.graph.initializer:
        values = numpy_helper.to_array(weight)
        if weight.data_type == TensorProto.FLOAT and np.array_equal(values.astype(np.float16), values):
            name, halved = weight.name, f"{weight.name}.half"
            weight.CopyFrom(numpy_helper.from_array(values.astype(np.float16), halved))
            casts.append(helper.make_node("Cast", [halved], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def _any_thumbnail() -> Tensor:
    return torch.zeros(1, 3, THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH)


@torch.no_grad()
def _require_same_answers(student: nn.Module, path: Path, tolerance: float) -> None:
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    for name, thumbnail in golden_thumbnails(THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT).items():
        values: NDArray[np.float32] = thumbnail.values[None]
        expected = student(torch.from_numpy(values))
        for output, answer, reference in zip(
            OUTPUT_NAMES, session.run(OUTPUT_NAMES, {INPUT_NAME: values}), expected, strict=True
        ):
            difference = float(np.abs(answer - reference.numpy()).max())
            if not difference <= tolerance:
                raise EngineMismatchError(
                    f"Exported {path.name}: {output} for the golden thumbnail {name!r} differs from torch by "
                    f"{difference:.3g}, allowed is {tolerance}. Do not use this export."
                )
