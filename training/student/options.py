"""What makes a student, as asked for on the command line and kept in its checkpoint."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from training.network.student import StudentShape
from training.smoke.veil_bank import PUFF_SHARE
from training.student.batch import BatchSizes
from training.student.losses import LossWeights


@dataclass(frozen=True, kw_only=True, slots=True)
class StudentOptions:
    """Everything that makes a student; kept in its checkpoint."""

    steps: int = 4000
    learning_rate: float = 3e-3
    weight_decay: float = 1e-4
    average_decay: float = 0.995
    veils: int = 3000
    puff_share: float = PUFF_SHARE
    seed: int = 0
    puffs_first: int = 600
    """Steps at the beginning that are about puffs alone (``training.student.lessons``); none with a ``start``."""
    validate_every: int = 600
    """Steps after which the student is tried and saved, and asked which clear pictures it takes for smoke."""
    precision: Literal["32-true", "bf16-mixed"] = "32-true"
    start: Path | None = None
    """A trained student to begin with, of the same shape."""
    imagenet: bool = True
    """Whether it begins with the features that its trunk learned on ImageNet; else with random ones, and all learn."""
    shape: StudentShape = field(default_factory=StudentShape)
    sizes: BatchSizes = field(default_factory=BatchSizes)
    weights: LossWeights = field(default_factory=LossWeights)
