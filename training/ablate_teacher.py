"""What each part of the EID teacher adds on the small hazy world: ``python -m training.ablate_teacher OUT``."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from training.command import run_command
from training.eid_losses import EidWeights, TransformName
from training.haze_networks import CODE_LENGTH
from training.haze_operator import AnyHaze, HazeForm, load_haze
from training.synthetic_haze import HiddenTruth, write_problem
from training.teacher_options import TeacherOptions
from training.train_haze import HazeOptions, learn_haze
from training.train_teacher import learn_teacher
from training.unpaired_frames import UnpairedFrames, choose_records


@dataclass(frozen=True, kw_only=True, slots=True)
class Variant:
    """One row: what differs from the first."""

    name: str
    form: HazeForm = "scattering"
    alpha: float = 1.0
    identity: float = 1.0
    warm_up: int = 50
    adversarial: float = 0.0
    transforms: tuple[TransformName, ...] = ("rotate", "reflect")


VARIANTS = (
    Variant(name="scattering"),
    Variant(name="alpha 0", alpha=0.0),
    Variant(name="alpha 10", alpha=10.0),
    Variant(name="shift", transforms=("shift",)),
    Variant(name="scale", transforms=("scale",)),
    Variant(name="any rotation", transforms=("rotate_any",)),
    Variant(name="no identity", identity=0.0),
    Variant(name="no warm-up", warm_up=0),
    Variant(name="adversarial", adversarial=0.005),
    Variant(name="generator", form="generator"),
    Variant(name="generator no warm-up", form="generator", warm_up=0),
)


def main(out: Path, *, haze_steps: int = 200, teacher_steps: int = 120, threads: int | None = None) -> None:
    """Train a small teacher for every variant and print a table of PSNR against the hidden truth.

    Args:
        out: Folder for pictures, checkpoints and table.md.
        haze_steps: Batches for each form of the haze operator.
        teacher_steps: Batches for each teacher.
        threads: CPU threads; PyTorch decides otherwise.
    """
    if threads:
        torch.set_num_threads(threads)
    truth = write_problem(out, count=120)
    records = choose_records(out / "hazy", out / "clear")
    frames = UnpairedFrames(records, side=48, code_length=CODE_LENGTH, seed=0, find_content=False)
    table = ["| variant | PSNR hazy | PSNR f(y) | of clear: PSNR f(x) | H(f(y)) - y, RMS |", "|---|---|---|---|---|"]
    for form in ("scattering", "generator"):
        haze = _haze(form, haze_steps, frames, out / form)
        with torch.no_grad():
            cleared, kept = haze.A_dagger(truth.hazy), haze.A_dagger(truth.truth)
        table.append(_row(f"companion alone, {form}", truth, cleared, kept, haze))
        for variant in (v for v in VARIANTS if v.form == form):
            table.append(_measure(variant, teacher_steps, haze, frames, truth, out / variant.name.replace(" ", "_")))
            print(table[-1], flush=True)
    (out / "table.md").write_text("\n".join(table) + "\n", encoding="utf-8")
    print("\n".join(table))


def _haze(form: HazeForm, steps: int, frames: UnpairedFrames, out: Path) -> AnyHaze:
    rate, alone = (1e-3, 1 / 3) if form == "scattering" else (2e-4, 0.0)
    options = HazeOptions(
        form=form, side=48, width=16 if form == "scattering" else 12, depth=2, discriminator_width=8, batch=4,
        steps=steps, learning_rate=rate, alone_share=alone, average_decay=0.95,
    )  # fmt: skip
    learn_haze(options, frames, out, Fabric(accelerator="cpu", devices=1))
    return load_haze(out / "haze.safetensors")


def _measure(variant: Variant, steps: int, haze: AnyHaze, frames: UnpairedFrames, truth: HiddenTruth, out: Path) -> str:
    weights = EidWeights(equivariance=variant.alpha, identity=variant.identity, warm_up_steps=variant.warm_up)
    options = TeacherOptions(
        channels=(12, 24, 32), side=48, batch=4, steps=steps, learning_rate=2e-3, average_decay=0.95, weights=weights,
        adversarial_weight=variant.adversarial, transforms=variant.transforms, discriminator_width=8,
    )  # fmt: skip
    network: nn.Module = learn_teacher(options, haze, frames, out, Fabric(accelerator="cpu", devices=1)).eval()
    with torch.no_grad():
        cleared, kept = network(truth.hazy, haze), network(truth.truth, haze)
    _write_sheet(out / "sheet.png", [truth.hazy, cleared.clamp(0, 1), truth.truth])
    return _row(variant.name, truth, cleared, kept, haze)


def _row(name: str, truth: HiddenTruth, cleared: Tensor, kept: Tensor, haze: AnyHaze) -> str:
    with torch.no_grad():
        again = haze.rehazing(truth.hazy).A(cleared)
    rms = float((again - truth.hazy).square().mean().sqrt())
    figures = [_psnr(truth.hazy, truth.truth), _psnr(cleared, truth.truth), _psnr(kept, truth.truth)]
    return f"| {name} | " + " | ".join(f"{figure:.1f}" for figure in figures) + f" | {rms:.3f} |"


def _psnr(picture: Tensor, truth: Tensor) -> float:
    return float((-10 * torch.log10((picture.clamp(0, 1) - truth).square().mean((1, 2, 3)))).mean())


def _write_sheet(path: Path, rows: list[Tensor]) -> None:
    sheet = torch.cat([torch.cat(list(row[:8]), dim=2) for row in rows], dim=1).permute(1, 2, 0).numpy()
    levels = np.rint(sheet[..., ::-1] * 255).astype(np.uint8)
    path.write_bytes(cv2.imencode(".png", levels)[1].tobytes())


if __name__ == "__main__":
    run_command(main)
