"""How a student learns: its options, one step, and the loop that can be stopped and taken up again."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.tensorboard import SummaryWriter

from eid_stream.core.errors import ConfigError
from training.checkpoint import load_checkpoint, load_progress, save_checkpoint, save_progress
from training.data.clip_moments import ClipMomentPool
from training.data.clip_pairs import ClipPairPool
from training.data.views import View
from training.eid.haze_operator import ScatteringHaze
from training.network.colour import convert, rgb_to_ycbcr
from training.network.student import Student
from training.run_log import RunLog
from training.student.batch import BatchSizes, StudentBatch, make_batch, with_second_look, with_turns
from training.student.lessons import lessons
from training.student.losses import LossWeights, total_loss
from training.student.options import StudentOptions
from training.student.smoky_batch import BatchMaker
from training.student.step import loss_terms
from training.student.trained import take_weights
from training.student.validation import ValidationSet, validate

TRUNK_RATE = 0.1
"""Learning rate of the trunk's trained features beside the others'."""


@dataclass(frozen=True, slots=True, eq=False)
class StudentData:
    """What a student learns from and is tried on."""

    command: str
    """The module that gathered it."""
    maker: BatchMaker
    clips: ClipPairPool | None
    validation: ValidationSet
    licences: list[str]
    frames: dict[str, int]
    """How many, by split."""
    witnesses: ClipMomentPool | None = None
    """Only in distillation, as is ``haze``."""
    haze: ScatteringHaze | None = None
    knowledge: dict[str, Any] = field(default_factory=dict)
    """What is distilled, and what is left out, for the card."""

    def draw(self, step: int, sizes: BatchSizes) -> StudentBatch:
        """The batch of a step, whatever was drawn before: a run taken up again sees what it had to see."""
        for drawn in (self.maker, self.clips, self.witnesses):
            if drawn is not None:
                drawn.restart(step)
        return make_batch(self.maker, self.clips, self.witnesses, sizes)


class _StudentLoss(nn.Module):
    """Puts the loss behind ``forward``, where data-parallel wrappers look for it."""

    def __init__(self, student: Student) -> None:
        super().__init__()
        self.student = student

    def forward(self, sealed: "_Sealed") -> dict[str, Tensor]:
        return loss_terms(self.student, sealed.batch)


class _Sealed:
    """Hides a batch from Fabric, which would round its colours to half precision."""

    def __init__(self, batch: StudentBatch) -> None:
        self.batch = batch


class StudentLearning:
    """A student, its running average (which is what is kept), and the optimiser."""

    def __init__(self, options: StudentOptions, fabric: Fabric) -> None:
        self.options, self._fabric = options, fabric
        torch.manual_seed(options.seed)
        self.student = Student(options.shape).to(memory_format=torch.channels_last)
        if options.start:
            take_weights(self.student, options.start)
        elif options.imagenet:
            self.student.trunk.begin_as_on_imagenet()
        if not options.imagenet:
            self.student.trunk.requires_grad_(True)
        averaging = get_ema_multi_avg_fn(options.average_decay)  # type: ignore[no-untyped-call]
        self._average = AveragedModel(self.student, multi_avg_fn=averaging, use_buffers=True).to(fabric.device)
        self._average.eval()
        optimiser = torch.optim.AdamW(self._parameters(), lr=options.learning_rate, weight_decay=options.weight_decay)
        self._loss, self._optimiser = fabric.setup(_StudentLoss(self.student), optimiser)
        self._schedule = LambdaLR(self._optimiser, self._rate)

    @property
    def averaged(self) -> Student:
        """The student to keep."""
        return self._average.module  # type: ignore[return-value]

    @torch.no_grad()
    def sees_in(self, view: View) -> float:
        """The mean opacity that the student to keep sees in a view."""
        ycbcr = convert(torch.from_numpy(view.rgb)[None], rgb_to_ycbcr(1))
        return float(self.averaged(ycbcr.to(self._fabric.device))[1])

    def look_again(
        self, batch: StudentBatch, data: StudentData, step: int, sizes: BatchSizes | None = None
    ) -> StudentBatch:
        """The batch of a step on the device, with a second look at what the student clears, and with mirror images.

        Sizes are the options' unless given.
        """
        batch, sizes = batch.to(self._fabric.device), sizes or self.options.sizes
        if sizes.turned:
            batch = with_turns(batch, self.averaged)
        if data.haze is None or not sizes.second_looks:
            return batch
        haze, seed = data.haze.to(self._fabric.device), (self.options.seed, step)
        return with_second_look(batch, self.averaged, haze, sizes.second_looks, seed)

    def step(self, batch: StudentBatch, weights: LossWeights | None = None) -> dict[str, float]:
        """Improve the student on one batch; returns the loss's terms by name. Weights are the options' unless given."""
        terms = total_loss(self._loss(_Sealed(batch)), weights or self.options.weights)
        self._optimiser.zero_grad()
        self._fabric.backward(terms["total"])
        nn.utils.clip_grad_norm_(self.student.parameters(), 1.0)
        self._optimiser.step()
        self._schedule.step()
        self._average.update_parameters(self.student)
        return {name: float(term.detach()) for name, term in terms.items()}

    def state(self) -> dict[str, Any]:
        """What a stopped run needs to go on."""
        return {name: part.state_dict() for name, part in self._parts().items()}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from ``state``."""
        for name, part in self._parts().items():
            part.load_state_dict(state[name])

    def _rate(self, step: int) -> float:
        """Warm-up, then a cosine down to a hundredth."""
        warm = min(1.0, (step + 1) / 100)
        share = torch.tensor(min(1.0, step / self.options.steps) * torch.pi)
        return float(warm * (0.01 + 0.99 * 0.5 * (1.0 + torch.cos(share))))

    def _parameters(self) -> list[dict[str, Any]]:
        """Trained features learn slower than the rest."""
        named = {name: p for name, p in self.student.named_parameters() if p.requires_grad}
        trunk = [p for name, p in named.items() if name.startswith("trunk.")]
        others = [p for name, p in named.items() if not name.startswith("trunk.")]
        rate = self.options.learning_rate * (TRUNK_RATE if self.options.imagenet else 1.0)
        return [{"params": others}, {"params": trunk, "lr": rate}]

    def _parts(self) -> dict[str, Any]:
        return {
            "student": self.student,
            "average": self._average,
            "optimiser": self._optimiser,
            "schedule": self._schedule,
        }


def learn_student(options: StudentOptions, data: StudentData, out: Path, fabric: Fabric) -> dict[str, float]:
    """Train, going on where an earlier run into ``out`` stopped; writes ``out/student.safetensors``.

    Returns the quick figures of the student that is kept.

    Raises:
        ConfigError: what lies in ``out`` was begun with other options; only ``steps`` may be raised.
    """
    learning = StudentLearning(options, fabric)
    first, figures = _take_up(learning, out, fabric.device)
    log, board = RunLog(out / "student_log.jsonl"), SummaryWriter(str(out / "tensorboard"))
    for lesson in lessons(options, first):
        data.maker.show_puffs(lesson.puff_share)
        if lesson.steps.start or options.start:
            data.maker.insist_on(learning.sees_in)
        for step in lesson.steps:
            batch = learning.look_again(data.draw(step, lesson.sizes), data, step, lesson.sizes)
            terms = learning.step(batch, lesson.weights)
            if fabric.is_global_zero:
                log.add(step, terms)
        if fabric.is_global_zero:
            figures = validate(learning.averaged, data.validation)
            _report(board, lesson.steps.stop, terms, figures)
            _save(learning, data, figures, out, lesson.steps.stop)
    board.close()
    return figures


def _take_up(learning: StudentLearning, out: Path, device: torch.device) -> tuple[int, dict[str, float]]:
    """The step to go on from, and the figures so far."""
    progress = load_progress(out / "student_progress.pt", device)
    if progress is None:
        return 0, {}
    made_by = load_checkpoint(out / "student.safetensors")[1]
    asked = json.loads(json.dumps(asdict(learning.options), default=str))
    if made_by["options"] | {"steps": 0} != asked | {"steps": 0}:
        raise ConfigError(f"The run in {out} was begun with other options. Repeat those, or choose another folder.")
    learning.load_state(progress["state"])
    return int(progress["step"]), made_by["figures"]


def _report(board: SummaryWriter, step: int, terms: dict[str, float], figures: dict[str, float]) -> None:
    for name, value in {**{f"loss/{k}": v for k, v in terms.items()}, **figures}.items():
        board.add_scalar(name, value, step)
    board.flush()
    print({"step": step, **figures}, flush=True)


def _save(learning: StudentLearning, data: StudentData, figures: dict[str, float], out: Path, step: int) -> None:
    made_by = {
        "command": data.command,
        "options": asdict(learning.options),
        "step": step,
        "figures": figures,
        "knowledge": data.knowledge,
        "frames": data.frames,
        "licences": data.licences,
    }
    save_checkpoint(out / "student.safetensors", learning.averaged.state_dict(), made_by)
    save_progress(out / "student_progress.pt", {"step": step, "state": learning.state()})
