"""How a student learns: its weights, their running average, the optimiser, and one step."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from eid_stream.core.errors import ConfigError
from training.checkpoint import load_checkpoint
from training.eid.haze_operator import ScatteringHaze
from training.network.colour import convert, rgb_to_ycbcr
from training.network.frozen_stages import FrozenStages
from training.network.student import Sight, Student
from training.student.batch import StudentBatch
from training.student.losses import total_loss
from training.student.mean_teacher import sight_of_average
from training.student.options import StudentOptions
from training.student.rehazed_views import RehazedViews, rehaze
from training.student.terms import Lesson, answers_of, loss_terms

TRUNK_RATE = 0.1
"""Learning rate of the trunk's trained features beside the others'."""


class StudentLearning:
    """A student, its running average (which is what is kept), and the optimiser."""

    def __init__(self, options: StudentOptions, haze: ScatteringHaze | None, device: torch.device) -> None:
        self.options, self._haze, self._device = options, haze, device
        torch.manual_seed(options.seed)
        self.student = Student(options.shape)
        self._begin()
        self.student.to(device).to(memory_format=torch.channels_last)
        averaging = get_ema_multi_avg_fn(options.average_decay)  # type: ignore[no-untyped-call]
        self.averaged = AveragedModel(self.student, multi_avg_fn=averaging, use_buffers=True)
        self.averaged.eval()
        self._optimiser = torch.optim.AdamW(
            _by_rate(self.student, options.learning_rate), weight_decay=options.weight_decay
        )
        self._schedule = LambdaLR(self._optimiser, self._rate)
        self._first_stages = _first_stages(self.student, device)

    def _begin(self) -> None:
        if self.options.start is None:
            self.student.trunk.begin_as_on_imagenet()
            return
        weights, _made_by = load_checkpoint(self.options.start)
        try:
            self.student.load_state_dict(weights)
        except RuntimeError as error:
            raise ConfigError(
                f"Cannot begin with {self.options.start}: it is a student of another shape. Name one of this shape."
            ) from error

    @property
    def average(self) -> Student:
        """The student to keep."""
        return self.averaged.module  # type: ignore[return-value]

    def step(self, batch: StudentBatch, step: int) -> dict[str, float]:
        """Improve the student on the batch of a step; returns the loss's terms by name."""
        lesson = self._lesson(batch, step)
        pictures = lesson.pictures()
        ycbcr = _ycbcr(torch.cat(list(pictures.values())).to(self._device))
        sight = self.student.see(ycbcr, self._first_stages(ycbcr))
        answers = answers_of(sight, ycbcr, {name: len(group) for name, group in pictures.items()})
        terms = total_loss(loss_terms(lesson, answers), self.options.weights)
        self._optimiser.zero_grad()
        terms["total"].backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.student.parameters(), 1.0)
        self._optimiser.step()
        self._schedule.step()
        self.averaged.update_parameters(self.student)
        return {name: float(term.detach()) for name, term in terms.items()}

    def parts(self) -> dict[str, Any]:
        """What a stopped run needs to go on."""
        return {
            "student": self.student, "averaged": self.averaged, "optimiser": self._optimiser,
            "schedule": self._schedule,
        }  # fmt: skip

    def _lesson(self, batch: StudentBatch, step: int) -> Lesson:
        """The batch with what the running average says of its hazy views, and one of them hazed anew."""
        ycbcr = _ycbcr(batch.hazy.rgb)
        sight, again = sight_of_average(self.average, ycbcr, self._first_stages), None
        if self._haze and self.options.weights.equivariance:
            again = self._rehazed(sight, ycbcr[:1], batch.hazy.content[:1], step)
        return Lesson(batch, sight, again)

    def _rehazed(self, sight: Sight, ycbcr: Tensor, content: Tensor, step: int) -> RehazedViews:
        assert self._haze
        first = Sight(*(part[:1] for part in sight))
        return rehaze(first, self._haze, ycbcr, content, self.options.seed * 1_000_003 + step)

    def _rate(self, step: int) -> float:
        """Warm-up, then a cosine down to a hundredth."""
        warm = min(1.0, (step + 1) / 100)
        share = torch.tensor(min(1.0, step / self.options.steps) * torch.pi)
        return float(warm * (0.01 + 0.99 * 0.5 * (1.0 + torch.cos(share))))


def _ycbcr(rgb: Tensor) -> Tensor:
    return convert(rgb, rgb_to_ycbcr(1).to(rgb.device))


def _by_rate(student: Student, rate: float) -> list[dict[str, Any]]:
    """Trained features learn slower than the rest."""
    named = {name: p for name, p in student.named_parameters() if p.requires_grad}
    trunk = [p for name, p in named.items() if name.startswith("trunk.")]
    others = [p for name, p in named.items() if not name.startswith("trunk.")]
    return [{"params": others, "lr": rate}, {"params": trunk, "lr": rate * TRUNK_RATE}]


def _first_stages(student: Student, device: torch.device) -> Callable[[Tensor], Tensor]:
    if device.type == "cpu":
        return FrozenStages(student.trunk, torch.get_num_threads())
    return student.trunk.to_4
