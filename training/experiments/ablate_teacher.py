"""What each part of the EID teacher adds: ``python -m training.experiments.ablate_teacher OUT``.

On the small hazy world, where the truth is known; or, given haze operators, on real frames.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from training.command import run_command
from training.data.synthetic_haze import HiddenTruth, write_problem
from training.data.unpaired_frames import UnpairedFrames, choose_records
from training.eid.eid_losses import EidWeights, TransformName
from training.eid.haze_networks import CODE_LENGTH
from training.eid.haze_operator import AnyHaze, HazeForm, ScatteringHaze, load_haze
from training.eid.teacher_options import TeacherOptions
from training.eid.train_haze import HazeOptions, learn_haze
from training.eid.train_teacher import learn_teacher

SMALL_WORLD = TeacherOptions(
    channels=(12, 24, 32), side=48, batch=4, steps=120, learning_rate=2e-3, average_decay=0.95, discriminator_width=8,
    weights=EidWeights(warm_up_steps=50),
)  # fmt: skip
REAL_FRAMES = TeacherOptions(steps=300, average_decay=0.98, weights=EidWeights(warm_up_steps=100))


@dataclass(frozen=True, kw_only=True, slots=True)
class Variant:
    """One row: what differs from the first."""

    name: str
    form: HazeForm = "scattering"
    alpha: float = 1.0
    identity: float = 1.0
    warm_up: bool = True
    estimate_given: bool = False
    adversarial: float = 0.0
    transforms: tuple[TransformName, ...] = ("rotate", "reflect")

    def options(self, base: TeacherOptions) -> TeacherOptions:
        """The options of a teacher of this variant, otherwise those of ``base``."""
        steps = base.weights.warm_up_steps if self.warm_up else 0
        weights = EidWeights(
            equivariance=self.alpha, identity=self.identity, estimate_given=self.estimate_given, warm_up_steps=steps
        )
        return replace(base, weights=weights, adversarial_weight=self.adversarial, transforms=self.transforms)


VARIANTS = (
    Variant(name="scattering"),
    Variant(name="alpha 0", alpha=0.0),
    Variant(name="alpha 10", alpha=10.0),
    Variant(name="estimate given", estimate_given=True),
    Variant(name="rotate only", transforms=("rotate",)),
    Variant(name="shift", transforms=("shift",)),
    Variant(name="scale", transforms=("scale",)),
    Variant(name="any rotation", transforms=("rotate_any",)),
    Variant(name="no identity", identity=0.0),
    Variant(name="no warm-up", warm_up=False),
    Variant(name="adversarial", adversarial=0.005),
    Variant(name="generator", form="generator"),
    Variant(name="generator no warm-up", form="generator", warm_up=False),
)


def main(
    out: Path,
    *,
    haze: tuple[Path, ...] = (),
    haze_steps: int = 200,
    teacher_steps: int | None = None,
    threads: int | None = None,
) -> None:
    """Train a short-lived teacher for every variant, all alike but for the variant; a stopped run goes on.

    On the small world the command prints a table of PSNR against the hidden truth. On real frames there is no truth:
    it prints the line that has benchmarks.quality measure all its teachers.

    Args:
        out: Folder for pictures, checkpoints and table.md.
        haze: haze.safetensors of training.eid.train_haze, one of each form at most: train on real frames (EID_DATA).
        haze_steps: Batches for each form of the small world's haze operator.
        teacher_steps: Batches for each teacher; 120 on the small world, 300 on real frames unless given.
        threads: CPU threads; PyTorch decides otherwise.
    """
    if threads:
        torch.set_num_threads(threads)
    base = REAL_FRAMES if haze else SMALL_WORLD
    base = replace(base, steps=teacher_steps or base.steps)
    if haze:
        _learn_from_real_frames(out, haze, base)
    else:
        _measure_small_world(out, haze_steps, base)


def _learn_from_real_frames(out: Path, operators: tuple[Path, ...], base: TeacherOptions) -> None:
    frames = UnpairedFrames(
        choose_records(None, None), side=base.side, code_length=CODE_LENGTH, seed=base.seed, smallest=base.smallest
    )
    made = [str(path) for path in operators]
    for path in operators:
        form = "scattering" if isinstance(load_haze(path), ScatteringHaze) else "generator"
        for variant in (v for v in VARIANTS if v.form == form):
            folder = out / variant.name.replace(" ", "_")
            print(variant.name, flush=True)
            learn_teacher(variant.options(base), load_haze(path), frames, folder, _one_process())
            made.append(str(folder / "teacher.safetensors"))
    only = "--only pair --only hazy --only clear --rows input dcp --limit 16 --no-pyiqa"
    print(f"Measure: python -m benchmarks.quality {only} --teacher {' '.join(made)}")


def _measure_small_world(out: Path, haze_steps: int, base: TeacherOptions) -> None:
    truth = write_problem(out, count=120)
    records = choose_records(out / "hazy", out / "clear")
    frames = UnpairedFrames(records, side=base.side, code_length=CODE_LENGTH, seed=0, find_content=False)
    table = ["| variant | PSNR hazy | PSNR f(y) | of clear: PSNR f(x) | H(f(y)) - y, RMS |", "|---|---|---|---|---|"]
    sheet = [truth.hazy]
    for form in ("scattering", "generator"):
        haze = _learn_small_haze(form, haze_steps, frames, out / form)
        table.append(_row(f"companion alone, {form}", truth, haze.A_dagger, haze))
        for variant in (v for v in VARIANTS if v.form == form):
            folder = out / variant.name.replace(" ", "_")
            network = learn_teacher(variant.options(base), haze, frames, folder, _one_process()).eval()
            teacher = partial(_answer, network, haze)
            table.append(_row(variant.name, truth, teacher, haze))
            sheet.append(teacher(truth.hazy))
            print(table[-1], flush=True)
    _write_sheet(out / "sheet.jpg", [*sheet, truth.truth])
    (out / "table.md").write_text("\n".join(table) + "\n", encoding="utf-8")
    print("\n".join(table))


def _learn_small_haze(form: HazeForm, steps: int, frames: UnpairedFrames, out: Path) -> AnyHaze:
    small = HazeOptions(
        side=48, width=16, depth=2, discriminator_width=8, steps=steps, learning_rate=1e-3, average_decay=0.95
    )
    generator = replace(small, form="generator", width=12, learning_rate=5e-4, alone_share=0.0, adversarial_weight=1.0)
    options = small if form == "scattering" else generator
    learn_haze(options, frames, out, _one_process())
    return load_haze(out / "haze.safetensors")


def _answer(network: nn.Module, haze: AnyHaze, picture: Tensor) -> Tensor:
    with torch.no_grad():
        answer: Tensor = network(picture, haze)
    return answer


def _one_process() -> Fabric:
    return Fabric(accelerator="cpu", devices=1)


def _row(name: str, truth: HiddenTruth, clear: Callable[[Tensor], Tensor], haze: AnyHaze) -> str:
    with torch.no_grad():
        cleared, kept = clear(truth.hazy), clear(truth.truth)
        again = haze.rehazing(truth.hazy).A(cleared)
    rms = float((again - truth.hazy).square().mean().sqrt())
    figures = [_psnr(truth.hazy, truth.truth), _psnr(cleared, truth.truth), _psnr(kept, truth.truth)]
    return f"| {name} | " + " | ".join(f"{figure:.1f}" for figure in figures) + f" | {rms:.3f} |"


def _psnr(picture: Tensor, truth: Tensor) -> float:
    return float((-10 * torch.log10((picture.clamp(0, 1) - truth).square().mean((1, 2, 3)))).mean())


def _write_sheet(path: Path, rows: list[Tensor]) -> None:
    sheet = torch.cat([torch.cat(list(row[:12].clamp(0, 1)), dim=2) for row in rows], dim=1).permute(1, 2, 0).numpy()
    levels = np.rint(sheet[..., ::-1] * 255).astype(np.uint8)
    path.write_bytes(cv2.imencode(".jpg", levels)[1].tobytes())


if __name__ == "__main__":
    run_command(main)
