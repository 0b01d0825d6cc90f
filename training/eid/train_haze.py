"""Learn the haze operator from unpaired frames: ``python -m training.eid.train_haze runs/haze``."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR

from training.averaging import averaged
from training.command import run_command
from training.data.unpaired_frames import UnpairedBatch, UnpairedFrames, choose_records
from training.eid.haze_losses import Discriminators, ReplayBuffer, Translations, translate
from training.eid.haze_networks import CODE_LENGTH
from training.eid.haze_operator import AnyHaze, HazeForm, build_haze
from training.eid.veil_look import LOOKS, LookName
from training.loop import run_steps


@dataclass(frozen=True, kw_only=True, slots=True)
class HazeOptions:
    """Everything that makes a haze operator; kept in its checkpoint."""

    form: HazeForm = "scattering"
    look: LookName = "smoke"
    width: int = 32
    depth: int = 3
    discriminator_width: int = 16
    side: int = 96
    batch: int = 4
    steps: int = 2000
    learning_rate: float = 5e-4
    judge_learning_rate: float = 2e-4
    alone_share: float = 1 / 3
    """Share of the steps before the judges join in: the companion first learns the veils the generator starts with."""
    adversarial_weight: float = 0.5
    cycle_weight: float = 10.0
    identity_weight: float = 5.0
    average_decay: float = 0.998
    seed: int = 0
    precision: Literal["32-true", "bf16-mixed"] = "32-true"
    compiled: bool = False


Size = Literal["cpu", "gpu"]
HAZE_SIZES: dict[tuple[Size, HazeForm], HazeOptions] = {
    ("cpu", "scattering"): HazeOptions(),
    ("cpu", "generator"): HazeOptions(form="generator", width=12, depth=3, alone_share=0.0, adversarial_weight=1.0),
    ("gpu", "scattering"): HazeOptions(
        width=64, depth=4, discriminator_width=64, side=256, batch=16, steps=15000,
         precision="bf16-mixed",
    ),
    ("gpu", "generator"): HazeOptions(
        form="generator", width=64, depth=9, discriminator_width=64, side=256, batch=8, steps=15000,
        learning_rate=2e-4, alone_share=0.0, adversarial_weight=1.0, precision="bf16-mixed",
    ),
}  # fmt: skip
LOSS_WEIGHTS = {
    "cycle": "cycle_weight",
    "veil": "cycle_weight",
    "range": "cycle_weight",
    "identity": "identity_weight",
}


class _Translator(nn.Module):
    """Puts one step's forward work behind ``forward``, where data-parallel wrappers look for it."""

    def __init__(self, haze: AnyHaze) -> None:
        super().__init__()
        self.haze = haze

    def forward(self, batch: UnpairedBatch) -> Translations:
        return translate(self.haze, batch)


class HazeLearning:
    """Two players and their optimisers: the haze operator, and the discriminators that judge its work."""

    def __init__(self, options: HazeOptions, fabric: Fabric) -> None:
        self.options, self._fabric = options, fabric
        torch.manual_seed(options.seed)
        self.haze = build_haze(options.form, width=options.width, depth=options.depth, look=options.look)
        self._judges = Discriminators(options.discriminator_width)
        self.averaged = averaged(self.haze, options.average_decay).to(fabric.device)
        translator: nn.Module = _Translator(self.haze).to(memory_format=torch.channels_last)
        if options.compiled:
            translator.compile()
        self._translator, self._optimiser = fabric.setup(translator, _adam(self.haze, options.learning_rate))
        self._judge_step, self._judge_optimiser = fabric.setup(
            self._judges, _adam(self._judges, options.judge_learning_rate)
        )
        self._schedule = LambdaLR(self._optimiser, self._decay)
        self._old = {kind: ReplayBuffer(50, options.seed) for kind in ("hazed", "cleared")}

    def step(self, batch: UnpairedBatch, step: int) -> dict[str, float]:
        """Improve both players on the batch of a step; returns the losses by name."""
        alone = round(self.options.alone_share * self.options.steps)
        joining = (step - alone) / max(1.0, self.options.steps / 6)
        made, losses = self._improve_haze(batch, self.options.adversarial_weight * min(1.0, max(0.0, joining)))
        self._schedule.step()
        if step >= alone:
            losses["judges"] = self._improve_judges(batch, made)
        self.averaged.update_parameters(self.haze)
        return {name: float(loss.detach()) for name, loss in losses.items()}

    def parts(self) -> dict[str, Any]:
        """What a stopped run needs to go on; the replay buffers start empty again."""
        return {
            "haze": self.haze, "averaged": self.averaged, "judges": self._judges,
            "optimiser": self._optimiser, "judge_optimiser": self._judge_optimiser,
            "schedule": self._schedule,
        }  # fmt: skip

    def _improve_haze(self, batch: UnpairedBatch, judged: float) -> tuple[Translations, dict[str, Tensor]]:
        made: Translations = self._translator(batch)
        losses = dict(made.losses)
        weighted = [getattr(self.options, LOSS_WEIGHTS[name]) * loss for name, loss in losses.items()]
        total = torch.stack(weighted).sum()
        if judged > 0:
            self._judges.requires_grad_(False)
            with self._fabric.autocast():
                losses["adversarial"] = self._judges.fooled(batch, made.hazed, made.cleared)
            total = total + judged * losses["adversarial"]
        self._optimiser.zero_grad()
        self._fabric.backward(total)
        self._optimiser.step()
        return made, losses

    def _improve_judges(self, batch: UnpairedBatch, made: Translations) -> Tensor:
        self._judges.requires_grad_(True)
        hazed, cleared = self._old["hazed"].exchange(made.hazed), self._old["cleared"].exchange(made.cleared)
        loss: Tensor = self._judge_step(batch, hazed, cleared)
        self._judge_optimiser.zero_grad()
        self._fabric.backward(loss)
        self._judge_optimiser.step()
        return loss

    def _decay(self, step: int) -> float:
        return min(1.0, 2.0 * (1.0 - step / (self.options.steps + 1)))


def learn_haze(
    options: HazeOptions, frames: UnpairedFrames, out: Path, fabric: Fabric, *, log_every: int = 100
) -> AnyHaze:
    """Learn a haze operator, going on where an earlier run into ``out`` stopped; writes ``out/haze.safetensors``."""
    haze: AnyHaze = run_steps(  # type: ignore[assignment]
        "haze",
        HazeLearning(options, fabric),
        frames.draw(options.batch, fabric),
        out,
        fabric,
        described={"command": "training.eid.train_haze", **frames.description},
        log_every=log_every,
    )
    return haze


def main(
    out: Path,
    *,
    form: HazeForm = "scattering",
    look: LookName = "smoke",
    size: Size = "cpu",
    hazy: Path | None = None,
    clear: Path | None = None,
    domain: str | None = None,
    find_content: bool = True,
    steps: int | None = None,
    side: int | None = None,
    adversarial_weight: float | None = None,
    seed: int = 0,
    devices: int = 1,
    threads: int | None = None,
) -> None:
    """Learn the haze operator H and its companion from unpaired hazy and clear frames.

    Args:
        out: Folder for haze.safetensors, its card and the log; a stopped run goes on when called again.
        form: scattering lays a smooth veil (ours), generator translates pictures (the paper's).
        look: Where a veil begins: smoke in clouds, depth for natural haze, glow for fluorescence microscopy.
        size: cpu is thin and small, gpu has the paper's sizes.
        hazy: Folder of hazy pictures of any domain; without it, the project's frame list (EID_DATA) is used.
        clear: Folder of clear pictures, unpaired with the hazy ones.
        domain: Collection of domains/domains.csv in EID_DATA, such as reside_sots_indoor, in the place of the folders.
        find_content: Look for the scene inside an endoscope's black border; switch off for other domains.
        steps: How many batches; the size decides otherwise.
        side: Side of the squares in pixels; the size decides otherwise.
        adversarial_weight: Weight of the adversarial term; the size decides otherwise.
        seed: Seed of weights and of every batch.
        devices: Processes (CPU) or GPUs; each takes its share of a batch.
        threads: CPU threads of each process; PyTorch decides otherwise.
    """
    if threads:
        torch.set_num_threads(threads)
    asked = {"steps": steps, "side": side, "adversarial_weight": adversarial_weight}
    options = replace(HAZE_SIZES[size, form], seed=seed, look=look, **{k: v for k, v in asked.items() if v is not None})  # type: ignore[arg-type]
    fabric = Fabric(accelerator=size, devices=devices, precision=options.precision)
    fabric.launch()
    records = choose_records(hazy, clear, domain)
    frames = UnpairedFrames(
        records,
        side=options.side,
        code_length=CODE_LENGTH,
        seed=seed,
        find_content=find_content and domain is None,
        upright=LOOKS[look].upright,
    )
    learn_haze(options, frames, out, fabric)


def _adam(module: nn.Module, learning_rate: float) -> torch.optim.Adam:
    return torch.optim.Adam(module.parameters(), lr=learning_rate, betas=(0.5, 0.999))


if __name__ == "__main__":
    run_command(main)
