"""Train the student on rendered and real smoke: ``python -m training.train_student``.

On one CPU core, 6,000 steps take about 45 minutes. A stopped run goes on when the command is given again.
"""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import cv2
import torch
from cyclopts import run
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.tensorboard import SummaryWriter

from eid_stream.errors import ConfigError
from training.checkpoint import load_checkpoint, load_progress, save_checkpoint, save_progress
from training.clip_pairs import ClipPairPool
from training.frames import FrameRecord, data_folder, read_frame_list
from training.losses import LossWeights, total_loss
from training.picture_cache import load_pictures
from training.run_log import RunLog
from training.smoky_batch import BatchMaker
from training.student import Student, StudentShape
from training.student_step import BatchSizes, StudentBatch, loss_terms, make_batch
from training.validate_student import ValidationSet, make_validation_set, validate
from training.veil_bank import VeilBank

TRAINING_CLIPS = ("smoke_cuts_256p33.mp4", *(f"cholec80_video01/segment_{n}.mp4" for n in range(284, 301, 2)))
"""Clips whose neighbouring frames must not flicker; the others stay unseen."""
KINDS = ("clear", "hazy")
PAIR_CLIPS = ("pair_smoke_480p5.mp4", "pair_clear_480p5.mp4")


@dataclass(frozen=True, kw_only=True, slots=True)
class StudentOptions:
    """Everything that makes a student; kept in its checkpoint."""

    steps: int = 6000
    learning_rate: float = 3e-3
    weight_decay: float = 1e-4
    average_decay: float = 0.995
    veils: int = 2000
    seed: int = 0
    validate_every: int = 250
    precision: Literal["32-true", "bf16-mixed"] = "32-true"
    start: Path | None = None
    """A trained student to begin with, of the same shape."""
    shape: StudentShape = field(default_factory=StudentShape)
    sizes: BatchSizes = field(default_factory=BatchSizes)
    weights: LossWeights = field(default_factory=LossWeights)


@dataclass(frozen=True, slots=True, eq=False)
class StudentData:
    """What a student learns from and is tried on."""

    maker: BatchMaker
    clips: ClipPairPool | None
    validation: ValidationSet
    licences: list[str]
    frames: dict[str, int]


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
            self.student.load_state_dict(load_checkpoint(options.start)[0])
        averaging = get_ema_multi_avg_fn(options.average_decay)  # type: ignore[no-untyped-call]
        self._average = AveragedModel(self.student, multi_avg_fn=averaging, use_buffers=True).to(fabric.device)
        optimiser = torch.optim.AdamW(
            self.student.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay
        )
        self._loss, self._optimiser = fabric.setup(_StudentLoss(self.student), optimiser)
        self._schedule = LambdaLR(self._optimiser, self._rate)

    @property
    def averaged(self) -> Student:
        """The student to keep."""
        return self._average.module  # type: ignore[return-value]

    def step(self, batch: StudentBatch) -> dict[str, float]:
        """Improve the student on one batch; returns the loss's terms by name."""
        terms = total_loss(self._loss(_Sealed(batch)), self.options.weights)
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

    def _parts(self) -> dict[str, Any]:
        return {
            "student": self.student,
            "average": self._average,
            "optimiser": self._optimiser,
            "schedule": self._schedule,
        }


def load_data(folder: Path, records: Sequence[FrameRecord], options: StudentOptions, rank: int = 0) -> StudentData:
    """Read all frames and clips into memory; every rank draws batches of its own.

    Raises:
        ConfigError: a frame cannot be read, or one kind of frames is missing in one split.
    """
    _require_all_kinds(records)
    seed = options.seed * 1000 + rank
    training = load_pictures([r for r in records if r.split == "train"])
    clips = [path for path in (folder / "clips" / name for name in TRAINING_CLIPS) if path.exists()]
    pair = (folder / "clips" / PAIR_CLIPS[0], folder / "clips" / PAIR_CLIPS[1])
    return StudentData(
        maker=BatchMaker(pictures=training, veils=VeilBank(count=options.veils, seed=options.seed), seed=seed),
        clips=ClipPairPool(clips, stride=6, seed=seed) if clips else None,
        validation=make_validation_set(
            load_pictures([r for r in records if r.split == "val"]), pair if pair[0].exists() else None
        ),
        licences=sorted({f"{r.source}: {r.licence}" for r in records}),
        frames={split: sum(r.split == split for r in records) for split in ("train", "val")},
    )


def learn_student(options: StudentOptions, data: StudentData, out: Path, fabric: Fabric) -> dict[str, float]:
    """Train, going on where an earlier run into ``out`` stopped; writes ``out/student.safetensors``."""
    learning = StudentLearning(options, fabric)
    progress = load_progress(out / "student_progress.pt", fabric.device)
    if progress is not None:
        learning.load_state(progress["state"])
    log, board = RunLog(out / "student_log.jsonl"), SummaryWriter(str(out / "tensorboard"))
    figures: dict[str, float] = {}
    for step in range(progress["step"] if progress else 0, options.steps):
        batch = make_batch(data.maker, data.clips, options.sizes).to(fabric.device)
        terms = learning.step(batch)
        if not fabric.is_global_zero:
            continue
        log.add(step, terms)
        if (step + 1) % options.validate_every == 0 or step + 1 == options.steps:
            figures = validate(learning.averaged, data.validation)
            _report(board, step + 1, terms, figures)
            _save(learning, data, figures, out, step + 1)
    board.close()
    return figures


def main(
    out: Path = Path("runs/student"),
    *,
    options: StudentOptions | None = None,
    accelerator: str = "auto",
    devices: int = 1,
    threads: int | None = None,
) -> None:
    """Train the student.

    Parameters
    ----------
    out: Folder for student.safetensors with its card, the log and TensorBoard's; a stopped run goes on.
    options: What makes the student; every field is an option of its own.
    accelerator: cpu, cuda or auto.
    devices: Processes (CPU) or GPUs.
    threads: CPU threads of each process; PyTorch decides otherwise.
    """
    options = options or StudentOptions()
    if threads:
        torch.set_num_threads(threads)
        cv2.setNumThreads(threads)
    fabric = Fabric(accelerator=accelerator, devices=devices, precision=options.precision)
    fabric.launch()
    began = time.monotonic()
    folder = data_folder()
    data = load_data(folder, read_frame_list(folder), options, fabric.global_rank)
    fabric.print(
        f"Data ready after {time.monotonic() - began:.0f} s: {data.frames}, {len(data.clips or ())} clip pairs"
    )
    learn_student(options, data, out, fabric)


def _require_all_kinds(records: Sequence[FrameRecord]) -> None:
    found = {(r.split, r.kind) for r in records}
    missing = [
        f"{kind} frames for {split}" for split in ("train", "val") for kind in KINDS if (split, kind) not in found
    ]
    if missing:
        raise ConfigError(f"The frame list lacks {', '.join(missing)}. Add videos, or share them out differently.")


def _report(board: SummaryWriter, step: int, terms: dict[str, float], figures: dict[str, float]) -> None:
    for name, value in {**{f"loss/{k}": v for k, v in terms.items()}, **figures}.items():
        board.add_scalar(name, value, step)
    board.flush()
    print({"step": step, **figures}, flush=True)


def _save(learning: StudentLearning, data: StudentData, figures: dict[str, float], out: Path, step: int) -> None:
    made_by = {
        "command": "training.train_student",
        "options": asdict(learning.options),
        "step": step,
        "figures": figures,
        "frames": data.frames,
        "licences": data.licences,
    }
    save_checkpoint(out / "student.safetensors", learning.averaged.state_dict(), made_by)
    save_progress(out / "student_progress.pt", {"step": step, "state": learning.state()})


if __name__ == "__main__":
    run(main)
