"""Train the EID teacher: ``python -m training.eid.train_teacher runs/haze/haze.safetensors runs/teacher``."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from deepinv.loss.adversarial import UnsupAdversarialDiscriminatorLoss, UnsupAdversarialGeneratorLoss
from deepinv.models import PatchGANDiscriminator
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim.lr_scheduler import CosineAnnealingLR

from training.averaging import averaged
from training.command import run_command
from training.data.unpaired_frames import UnpairedBatch, UnpairedFrames, choose_records
from training.eid.eid_losses import EidObjective, TransformName, build_transform
from training.eid.haze_networks import CODE_LENGTH
from training.eid.haze_operator import AnyHaze, ScatteringHaze, load_haze
from training.eid.teacher import begin_teacher
from training.eid.teacher_options import TEACHER_SIZES, Size, TeacherForm, TeacherOptions, faithful_recipe
from training.loop import run_steps

VEIL_RATE = 1e-4
"""Learning rate of a teacher that begins as the companion: what that knows must not be lost first."""


class TeacherLearning:
    """The teacher, its objective, and, where asked for, a discriminator of clear pictures."""

    def __init__(self, options: TeacherOptions, haze: AnyHaze, fabric: Fabric) -> None:
        self.options, self._fabric = options, fabric
        torch.manual_seed(options.seed)
        self.network = begin_teacher(options.form, options.channels, haze).to(memory_format=torch.channels_last)
        self.averaged = averaged(self.network, options.average_decay).to(fabric.device)
        self._transform = build_transform(options.transforms, options.seed)
        objective = EidObjective(self.network, haze, self._transform, options.weights)
        if options.compiled:
            self.network.compile()
        optimiser = torch.optim.Adam(
            self.network.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay
        )
        self._objective, self._optimiser = fabric.setup(objective, optimiser)
        self._schedule = CosineAnnealingLR(self._optimiser, options.steps)
        self._judge: nn.Module = PatchGANDiscriminator(3, ndf=options.discriminator_width, batch_norm=False)
        judge_optimiser = torch.optim.Adam(self._judge.parameters(), lr=2e-4, betas=(0.5, 0.999))
        self._judge_step, self._judge_optimiser = fabric.setup(_Judging(self._judge), judge_optimiser)

    def step(self, batch: UnpairedBatch, step: int) -> dict[str, float]:
        """Improve the teacher on one batch; returns the losses by name."""
        _reseed(self._transform, self.options.seed, step)
        x_net, total, losses = self._objective(batch, step)
        if self.options.adversarial_weight > 0:
            self._judge.requires_grad_(False)
            losses["adversarial"] = UnsupAdversarialGeneratorLoss(device=x_net.device)(
                batch.clear, x_net, D=self._judge
            )
            total = total + self.options.adversarial_weight * losses["adversarial"]
        self._optimiser.zero_grad()
        self._fabric.backward(total)
        self._optimiser.step()
        self._schedule.step()
        self.averaged.update_parameters(self.network)
        if self.options.adversarial_weight > 0:
            losses["judge"] = self._improve_judge(batch, x_net)
        return {name: float(loss.detach()) for name, loss in losses.items()}

    def parts(self) -> dict[str, Any]:
        """What a stopped run needs to go on."""
        return {
            "network": self.network, "averaged": self.averaged, "judge": self._judge, "optimiser": self._optimiser,
            "schedule": self._schedule, "judge_optimiser": self._judge_optimiser,
        }  # fmt: skip

    def _improve_judge(self, batch: UnpairedBatch, x_net: Tensor) -> Tensor:
        self._judge.requires_grad_(True)
        loss: Tensor = self._judge_step(batch.clear, x_net.detach())
        self._judge_optimiser.zero_grad()
        self._fabric.backward(loss)
        self._judge_optimiser.step()
        return loss


def learn_teacher(
    options: TeacherOptions,
    haze: AnyHaze,
    frames: UnpairedFrames,
    out: Path,
    fabric: Fabric,
    *,
    log_every: int = 100,
    stop_at: int | None = None,
) -> nn.Module:
    """Train a teacher, going on where an earlier run into ``out`` stopped; writes ``out/teacher.safetensors``.

    ``stop_at`` ends the run early at that step, to be taken up again.
    """
    learning = TeacherLearning(options, haze, fabric)
    # A judge must compare within one camera; without one, every frame there is may teach.
    within_source = options.adversarial_weight > 0
    return run_steps(
        "teacher",
        learning,
        frames.draw(options.batch, fabric, within_source=within_source),
        out,
        fabric,
        described={"command": "training.eid.train_teacher", "haze": haze.shape, **frames.description},
        log_every=log_every,
        stop_at=stop_at,
    )


def main(
    haze: Path,
    out: Path,
    *,
    size: Size = "cpu",
    form: TeacherForm = "picture",
    faithful: bool = False,
    hazy: Path | None = None,
    clear: Path | None = None,
    domain: str | None = None,
    find_content: bool = True,
    alpha: float | None = None,
    identity: float | None = None,
    transforms: tuple[TransformName, ...] | None = None,
    adversarial_weight: float | None = None,
    steps: int | None = None,
    side: int | None = None,
    seed: int = 0,
    devices: int = 1,
    threads: int | None = None,
) -> None:
    """Train the EID teacher: hazy pictures in, clear pictures out, learned from hazy frames and the haze operator.

    Args:
        haze: haze.safetensors of training.eid.train_haze.
        out: Folder for teacher.safetensors, its card and the log; a stopped run goes on when called again.
        size: cpu is thin and small, gpu has the paper's sizes.
        form: picture is the paper's U-Net; veil sees the haze as the operator's companion does, and begins as that.
        faithful: The released recipe's published settings, without its bugs.
        hazy: Folder of hazy pictures of any domain; without it, the project's frame list (EID_DATA) is used.
        clear: Folder of clear pictures, unpaired with the hazy ones.
        domain: Collection of domains/domains.csv in EID_DATA, such as reside_sots_indoor, in the place of the folders.
        find_content: Look for the scene inside an endoscope's black border; switch off for other domains.
        alpha: Weight of equivariance; 1 as in the paper unless given.
        identity: Weight of the identity on clear frames; 1 unless given.
        transforms: The symmetries; rotate (by 90 degrees) and reflect, or mirror alone where haze has a ground.
        adversarial_weight: Weight of a discriminator that compares estimates with clear frames; 0 unless given.
        steps: How many batches; the size decides otherwise.
        side: Side of the squares in pixels; the size decides otherwise.
        seed: Seed of weights and of every batch.
        devices: Processes (CPU) or GPUs; each takes its share of a batch.
        threads: CPU threads of each process; PyTorch decides otherwise.
    """
    if threads:
        torch.set_num_threads(threads)
    records = choose_records(hazy, clear, domain)
    options = TEACHER_SIZES[size]
    if faithful:
        options = faithful_recipe(options, sum(r.kind == "hazy" for r in records))
    terms = {"equivariance": alpha, "identity": identity}
    weights = replace(options.weights, **{k: v for k, v in terms.items() if v is not None})  # type: ignore[arg-type]
    operator = load_haze(haze)
    upright = isinstance(operator, ScatteringHaze) and operator.is_upright
    if upright and transforms is None:
        transforms = ("mirror",)
    asked = {"transforms": transforms, "adversarial_weight": adversarial_weight, "steps": steps, "side": side}
    options = replace(options, weights=weights, seed=seed, form=form)
    options = replace(options, **{k: v for k, v in asked.items() if v is not None})  # type: ignore[arg-type]
    fabric = Fabric(accelerator=size, devices=devices, precision=options.precision)
    fabric.launch()
    frames = UnpairedFrames(
        records,
        side=options.side,
        code_length=CODE_LENGTH,
        seed=seed,
        find_content=find_content and domain is None,
        smallest=options.smallest,
        upright=upright,
    )
    learn_teacher(options, operator, frames, out, fabric)


class _Judging(nn.Module):
    """Puts the discriminator's loss behind ``forward``, where data-parallel wrappers look for it."""

    def __init__(self, judge: nn.Module) -> None:
        super().__init__()
        self.judge = judge

    def forward(self, real: Tensor, fake: Tensor) -> Tensor:
        loss: Tensor = UnsupAdversarialDiscriminatorLoss(device=fake.device)(real, fake, D=self.judge)
        return loss


def _reseed(transform: nn.Module, seed: int, step: int) -> None:
    # Every process must draw the same symmetry, also after a run was stopped and taken up again.
    for module in transform.modules():
        rng = getattr(module, "rng", None)
        if isinstance(rng, torch.Generator):
            rng.manual_seed(seed * 1_000_003 + step)


if __name__ == "__main__":
    run_command(main)
