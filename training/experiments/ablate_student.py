"""What each term of the student's training adds on cameras left out: ``python -m training.experiments.ablate_student``.

Every variant lacks one thing and learns from the same batches for the same number of steps, with camera systems left
out that it is then tried on.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from lightning_fabric import Fabric

from training.command import run_command
from training.data.frames import data_folder
from training.student.options import StudentOptions
from training.student.train_student import train, use_threads

ROBOTIC = ("robotic_mixed", "robotic_stills", "desmoke_lap")
"""All frames of robotic cameras."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Variant:
    """One row: the terms of ``LossWeights`` that are left out."""

    name: str
    without: tuple[str, ...] = ()

    def options(self, base: StudentOptions) -> StudentOptions:
        """The options of a student of this variant, otherwise those of ``base``."""
        weights = replace(base.weights, **dict.fromkeys(self.without, 0.0))
        return replace(base, weights=weights)


VARIANTS = (
    Variant(name="everything"),
    Variant(name="no EID (equivariance)", without=("equivariance",)),
    Variant(name="no mean teacher", without=("teacher",)),
    Variant(name="no witness", without=("witness",)),
    Variant(name="no airlight", without=("airlight",)),
    Variant(name="no opacity", without=("opacity",)),
    Variant(name="no identity", without=("identity",)),
    Variant(name="no rgb", without=("rgb",)),
)


def main(
    out: Path = Path("runs/ablation"),
    *,
    left_out: tuple[str, ...] = ROBOTIC,
    steps: int = 1000,
    only: tuple[str, ...] = (),
    seed: int = 0,
    threads: int | None = None,
) -> None:
    """Train one short-lived student for every variant, and print its figures; a stopped run goes on.

    Parameters
    ----------
    out: Folder for one folder of each variant.
    left_out: Sources of frames that are not learned from; students are tried on them.
    steps: Batches for each variant.
    only: Names of the variants wanted; all unless given.
    seed: Seed of weights and of every batch.
    threads: CPU threads; PyTorch decides otherwise.
    """
    use_threads(threads)
    base = StudentOptions(steps=steps, seed=seed, left_out=left_out, average_decay=0.995)
    for variant in VARIANTS:
        if not only or variant.name in only:
            print(variant.name, flush=True)
            folder = out / "".join(c if c.isalnum() else "_" for c in variant.name)
            train(variant.options(base), data_folder(), folder, Fabric(accelerator="cpu", devices=1))


if __name__ == "__main__":
    run_command(main)
