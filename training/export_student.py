"""Export a trained student: ``python -m training.export_student``.

Writes student.onnx, student.pt2 and their card student.json, which the runtime loads; with ``--variants`` also half
precision (student_fp16.onnx) and plain weights (student.safetensors, student_fp16.safetensors).
"""

import copy
import hashlib
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

import eid_stream
from eid_stream.backends.onnx_cpu import OnnxEngine
from eid_stream.backends.student import CARD_FILE, INPUT_NAME, MODEL_FILE, OUTPUT_NAMES, PROGRAM_FILE
from eid_stream.engine_card import EngineCard
from eid_stream.errors import ConfigError, EngineMismatchError
from eid_stream.golden import golden_answers, golden_thumbnails
from eid_stream.thumbnail import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH
from training.checkpoint import load_checkpoint
from training.command import run_command
from training.export_program import export_program
from training.student import STRIDE, Student, StudentShape

CHECKPOINT = Path("runs/student/student.safetensors")
SHIPPED = Path("eid_stream/weights")
TOLERANCE = 1e-4
"""Largest difference between torch and ONNX Runtime in any map value."""
HALF_TOLERANCE = 0.05
"""The same for half precision; ``engines.verify`` judges what it means in code values."""


class HalfStudent(nn.Module):
    """A student that computes in half precision between single precision input and outputs."""

    def __init__(self, student: Student) -> None:
        super().__init__()
        self.student = copy.deepcopy(student).half()

    def forward(self, thumbnail: Tensor) -> tuple[Tensor, Tensor]:
        """As ``Student.forward``."""
        maps, density = self.student(thumbnail.half())
        return maps.float(), density.float()


def load_student(checkpoint: Path) -> tuple[Student, dict[str, Any]]:
    """A trained student, ready to answer, and what made it.

    Raises:
        ConfigError: the checkpoint cannot be read, or is none of a student of this version.
    """
    weights, made_by = load_checkpoint(checkpoint)
    try:
        student = Student(StudentShape(**made_by["options"]["shape"]))
        student.load_state_dict(weights)
    except (KeyError, TypeError, RuntimeError) as error:
        raise ConfigError(f"{checkpoint} is no student of this version: {error}. Train it again.") from error
    return student.eval(), made_by


def fold_norms(student: Student) -> Student:
    """The same function with every batch norm folded into its convolution."""
    folded = copy.deepcopy(student).eval()
    for module in list(folded.modules()):
        if isinstance(module, nn.Sequential):
            for place, (first, second) in enumerate(pairwise(list(module))):
                if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                    module[place], module[place + 1] = fuse_conv_bn_eval(first, second), nn.Identity()
    return folded


def write_onnx(student: nn.Module, path: Path, tolerance: float) -> None:
    """Write a model with static shapes and check that ONNX Runtime answers as torch does.

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
    program.save(path)
    _require_same_answers(student, path, tolerance)


def export_student(student: Student, made_by: dict[str, Any], out: Path) -> EngineCard:
    """Write all files of a student into a folder; returns its card.

    Raises:
        EngineMismatchError: ONNX Runtime and torch disagree.
    """
    out.mkdir(parents=True, exist_ok=True)
    folded = fold_norms(student)
    write_onnx(folded, out / MODEL_FILE, TOLERANCE)
    program = export_program(folded, THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT)
    (out / PROGRAM_FILE).write_bytes(program)
    model = (out / MODEL_FILE).read_bytes()
    card = _with_golden_answers(_card(model, program, made_by), model)
    card.save(out / CARD_FILE)
    return card


def export_variants(student: Student, out: Path) -> None:
    """Write the student in half precision, and its plain weights in both precisions.

    Raises:
        EngineMismatchError: ONNX Runtime and torch disagree.
    """
    write_onnx(HalfStudent(fold_norms(student)).eval(), out / "student_fp16.onnx", HALF_TOLERANCE)
    weights = {name: value.contiguous() for name, value in student.state_dict().items()}
    save_file(weights, out / "student.safetensors")
    halves = {name: value.half() if value.is_floating_point() else value for name, value in weights.items()}
    save_file(halves, out / "student_fp16.safetensors")


def main(checkpoint: Path = CHECKPOINT, out: Path = SHIPPED, *, variants: bool = False) -> None:
    """Export a trained student.

    Parameters
    ----------
    checkpoint: What training wrote, student.safetensors.
    out: Folder to write into; by default the weights that the runtime loads.
    variants: Also write half precision and plain weights, which the runtime does not need.
    """
    student, made_by = load_student(checkpoint)
    card = export_student(student, made_by, out)
    if variants:
        export_variants(student, out)
    print(f"Wrote {card.name} {card.version} into {out}: SHA-256 {card.student_sha256[:12]}, {card.metrics}")


def _card(model: bytes, program: bytes, made_by: dict[str, Any]) -> EngineCard:
    digest = hashlib.sha256(model).hexdigest()
    return EngineCard(
        name="student",
        version=f"{eid_stream.__version__}+{digest[:8]}",
        backend="onnx",
        thumbnail_width=THUMBNAIL_WIDTH,
        thumbnail_height=THUMBNAIL_HEIGHT,
        grid_width=THUMBNAIL_WIDTH // STRIDE,
        grid_height=THUMBNAIL_HEIGHT // STRIDE,
        student_sha256=digest,
        program_sha256=hashlib.sha256(program).hexdigest(),
        engine_sha256=digest,
        built_by=f"{made_by['command']}, step {made_by['step']}; torch {torch.__version__}, opset of its exporter",
        licence="CC-BY-NC-SA-4.0: research only, as part of the training frames demand; the code is Apache-2.0",
        training_data="; ".join(made_by.get("licences", [])),
        metrics=made_by.get("figures", {}),
    )


def _with_golden_answers(card: EngineCard, model: bytes) -> EngineCard:
    return replace(card, golden=golden_answers(OnnxEngine(model, card)))


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


if __name__ == "__main__":
    run_command(main)
