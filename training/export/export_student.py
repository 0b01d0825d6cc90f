"""Export a trained student: ``python -m training.export.export_student``.

Writes student.onnx, student.pt2 and their card student.json, which the runtime loads; with ``--variants`` also half
precision (student_fp16.onnx) and plain weights (student.safetensors, student_fp16.safetensors).
"""

import copy
import hashlib
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

import eid_stream
from eid_stream.backends.onnx_runtime.onnx_engine import OnnxEngine
from eid_stream.backends.self_test import golden_answers
from eid_stream.backends.student_contract import CARD_FILE, MODEL_FILE, PROGRAM_FILE
from eid_stream.core.engine_card import EngineCard
from eid_stream.core.errors import ConfigError
from eid_stream.core.thumbnail import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH
from training.command import run_command
from training.export.onnx_model import write_onnx
from training.export.program import export_program
from training.export.two_looks import BothLooks
from training.network.student import STRIDE, Student
from training.student.trained import load_student

CHECKPOINT = Path("runs/student/student.safetensors")
SHIPPED = Path("eid_stream/weights")
EXPORTED = "exported"
"""Folder beside a checkpoint that its files go to; beside the checkpoint itself its own student.json would be lost."""
TOLERANCE = 1e-4
"""Largest difference between torch and ONNX Runtime in any map value."""
HALF_TOLERANCE = 0.05
"""The same for half precision; ``eid_stream.building.verification`` judges what it means in code values."""


AnyStudent = TypeVar("AnyStudent", bound=nn.Module)


class HalfStudent(nn.Module):
    """A student that computes in half precision between single precision input and outputs."""

    def __init__(self, student: Student) -> None:
        super().__init__()
        self.student = copy.deepcopy(student).half()

    def forward(self, thumbnail: Tensor) -> tuple[Tensor, Tensor]:
        """As ``Student.forward``."""
        maps, density = self.student(thumbnail.half())
        return maps.float(), density.float()


def fold_norms(student: AnyStudent) -> AnyStudent:
    """The same function with every batch norm folded into its convolution."""
    folded = copy.deepcopy(student).eval()
    for module in list(folded.modules()):
        if isinstance(module, nn.Sequential):
            for place, (first, second) in enumerate(pairwise(list(module))):
                if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                    module[place], module[place + 1] = fuse_conv_bn_eval(first, second), nn.Identity()
    return folded


def round_to_half(student: AnyStudent) -> AnyStudent:
    """The same student with every weight rounded to half precision, in which the files hold them."""
    rounded = copy.deepcopy(student)
    for parameter in rounded.parameters():
        parameter.data = parameter.data.half().float()
    return rounded


def export_student(student: nn.Module, made_by: dict[str, Any], out: Path, *, looks: int = 2) -> EngineCard:
    """Write all files of a student into a folder; returns its card, which says how often an engine looks.

    Raises:
        EngineMismatchError: ONNX Runtime and torch disagree.
    """
    out.mkdir(parents=True, exist_ok=True)
    folded = round_to_half(fold_norms(student))
    write_onnx(folded, out / MODEL_FILE, TOLERANCE, halve_weights=True)
    program = export_program(BothLooks(folded) if looks == 2 else folded, THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT)
    (out / PROGRAM_FILE).write_bytes(program)
    model = (out / MODEL_FILE).read_bytes()
    card = _with_golden_answers(replace(_card(model, program, made_by), looks=looks), model)
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
    if (out / CARD_FILE).resolve() == checkpoint.with_suffix(".json").resolve():
        raise ConfigError(
            f"The card {out / CARD_FILE} would replace what {checkpoint} was made by. "
            f"Name another folder, such as {out / EXPORTED}."
        )
    student, made_by = load_student(checkpoint)
    card = export_student(student, made_by, out)
    if variants:
        export_variants(student, out)
    print(f"Wrote {card.name} {card.version} into {out}: SHA-256 {card.student_sha256[:12]}, {card.metrics}")


def _card(model: bytes, program: bytes, made_by: dict[str, Any]) -> EngineCard:
    digest = hashlib.sha256(model).hexdigest()
    made = f"{made_by['command']}, step {made_by['step']}"
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
        built_by=f"{made}; torch {torch.__version__}, opset of its exporter",
        licence="CC-BY-NC-SA-4.0: research only, as part of the training frames demand; the code is Apache-2.0",
        training_data="; ".join(made_by.get("licences", [])),
        metrics=made_by.get("figures", {}),
    )


def _with_golden_answers(card: EngineCard, model: bytes) -> EngineCard:
    return replace(card, golden=golden_answers(OnnxEngine(model, card)))


if __name__ == "__main__":
    run_command(main)
