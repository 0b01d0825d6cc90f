"""What makes a teacher: its options, their values for a CPU and a GPU, and the published ones."""

from dataclasses import dataclass, field, replace
from typing import Literal

from training.eid.eid_losses import EidWeights, TransformName

TeacherForm = Literal["picture", "veil"]


@dataclass(frozen=True, kw_only=True, slots=True)
class TeacherOptions:
    """Everything that makes a teacher, given a haze operator; kept in its checkpoint."""

    form: TeacherForm = "picture"
    """What f answers: a picture (U-Net), or a veil that is lifted from the picture."""
    channels: tuple[int, ...] = (16, 32, 48, 64)
    side: int = 128
    smallest: float = 0.6
    """Smallest square, over the frame's short side."""
    batch: int = 2
    steps: int = 2000
    learning_rate: float = 5e-4
    weight_decay: float = 1e-8
    transforms: tuple[TransformName, ...] = ("rotate", "reflect")
    weights: EidWeights = field(default_factory=EidWeights)
    adversarial_weight: float = 0.0
    discriminator_width: int = 16
    average_decay: float = 0.995
    seed: int = 0
    precision: Literal["32-true", "bf16-mixed"] = "32-true"
    compiled: bool = False


Size = Literal["cpu", "gpu"]
PAPER_CHANNELS = (64, 128, 256, 512, 1024)
TEACHER_SIZES: dict[Size, TeacherOptions] = {
    "cpu": TeacherOptions(),
    "gpu": TeacherOptions(
        channels=PAPER_CHANNELS, side=256, batch=16, steps=12000, learning_rate=2e-4, discriminator_width=64,
        precision="bf16-mixed", compiled=True,
    ),
}  # fmt: skip


def faithful_recipe(options: TeacherOptions, hazy_frames: int) -> TeacherOptions:
    """The released recipe's published settings, without its bugs: whole frames at 256, any rotation, ten epochs.

    Adam 1e-5 with weight decay 1e-8 and a cosine, batch 1, alpha 1, no other term; see facts in docs/method.md.
    """
    return replace(
        options,
        channels=PAPER_CHANNELS,
        side=256,
        smallest=1.0,
        batch=1,
        steps=10 * hazy_frames,
        learning_rate=1e-5,
        transforms=("rotate_any",),
        weights=EidWeights(equivariance=1.0, identity=0.0, warm_up_steps=0),
        average_decay=0.0,
    )
