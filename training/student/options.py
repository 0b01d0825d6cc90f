"""What makes a student, as asked for on the command line and kept in its checkpoint."""

from dataclasses import dataclass, field
from pathlib import Path

from training.network.student import StudentShape
from training.student.batch import BatchSizes
from training.student.losses import LossWeights

HAZE = Path("training/checkpoints/haze_cpu/haze.safetensors")


@dataclass(frozen=True, kw_only=True, slots=True)
class StudentOptions:
    """Everything that makes a student; kept in its checkpoint."""

    steps: int = 7600
    learning_rate: float = 3e-3
    weight_decay: float = 1e-4
    average_decay: float = 0.998
    small_first: float = 0.5
    """Share of the steps in which pictures have half the height and width: four times as many for the same work."""
    veils: int = 1200
    seed: int = 0
    eid: Path | None = HAZE
    """Haze operator of training.eid.train_haze, from which EID is distilled; none leaves EID out."""
    start: Path | None = None
    """A trained student to begin with, in the place of ImageNet's features; of the same shape."""
    left_out: tuple[str, ...] = ()
    """Camera systems (sources of frames) that are not learned from; the student is tried on them instead."""
    shape: StudentShape = field(default_factory=StudentShape)
    sizes: BatchSizes = field(default_factory=BatchSizes)
    weights: LossWeights = field(default_factory=LossWeights)
