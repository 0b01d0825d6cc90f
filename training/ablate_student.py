"""What each part of the student's training adds: ``python -m training.ablate_student OUT``.

Every variant differs from the first in one thing and learns from the same batches for the same number of steps. The
command ends with the line that has benchmarks.quality measure all of them.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from training.command import run_command
from training.distill_student import Knowledge, gather
from training.export_student import export_student, load_student
from training.frames import data_folder
from training.student import StudentShape
from training.student_learning import StudentData, StudentOptions, learn_student
from training.train_student import start_fabric


@dataclass(frozen=True, kw_only=True, slots=True)
class Variant:
    """One row: the terms that are left out, and the shape where it differs."""

    name: str
    without: tuple[str, ...] = ()
    """Names of terms, as in ``LossWeights``."""
    shape: StudentShape | None = None
    puffs: bool = True

    def options(self, base: StudentOptions) -> StudentOptions:
        """The options of a student of this variant, otherwise those of ``base``."""
        weights = replace(base.weights, **dict.fromkeys(self.without, 0.0))
        share = base.puff_share if self.puffs else 0.0
        return replace(base, weights=weights, shape=self.shape or base.shape, puff_share=share)


ADVICE = ("answer", "veil", "consistency")
TERMS = (
    Variant(name="everything"),
    Variant(name="no teacher's answer", without=("answer",)),
    Variant(name="no companion's veil", without=("veil",)),
    Variant(name="no haze consistency", without=("consistency",)),
    Variant(name="no equivariance", without=("equivariance",)),
    Variant(name="no witness in time", without=("witness",)),
    Variant(name="nothing distilled", without=(*ADVICE, "equivariance", "witness")),
    Variant(name="no dark statistics", without=("dark",)),
    Variant(name="no range", without=("range",)),
    Variant(name="no flicker terms", without=("flicker", "clip_flicker")),
)
DESIGNS = (
    Variant(name="as shipped"),
    Variant(name="gate added to every cell", shape=StudentShape(gated=True)),
    Variant(name="no haze features", shape=StudentShape(haze_features=False)),
    Variant(name="half as wide", shape=StudentShape(stem=8, fine=16, coarse=32)),
    Variant(name="more depth at one cell", shape=StudentShape(fine_blocks=3)),
    Variant(name="no puffs", puffs=False),
)


def main(
    out: Path,
    *,
    start: Path | None = None,
    steps: int = 300,
    learning_rate: float | None = None,
    only: tuple[str, ...] = (),
    seed: int = 0,
    threads: int | None = None,
) -> None:
    """Train one short-lived student for every variant; a stopped run goes on.

    Args:
        out: Folder for one folder of each variant, with its exported student.
        start: student.safetensors that all begin with, to ablate terms; without it designs are compared, from scratch
            and on rendered smoke and real frames alone.
        steps: Batches for each variant.
        learning_rate: At the beginning; it falls to a hundredth. 1e-3 with ``start``, 3e-3 from scratch unless given.
        only: Names of the variants wanted; all unless given.
        seed: Seed of weights and of every batch.
        threads: CPU threads; PyTorch decides otherwise.
    """
    rate = learning_rate or (1e-3 if start else 3e-3)
    base = StudentOptions(
        steps=steps, learning_rate=rate, start=start, seed=seed, validate_every=steps, veils=800,
        precision="bf16-mixed",
    )  # fmt: skip
    knowledge = Knowledge() if start else Knowledge(eid=False, witnesses=False)
    variants = [v for v in (TERMS if start else DESIGNS) if not only or v.name in only]
    fabric, made = start_fabric(base, "cpu", 1, threads), []
    data: dict[float, StudentData] = {}
    for variant in variants:
        options, folder = variant.options(base), out / variant.name.replace(" ", "_").replace("'", "")
        if options.puff_share not in data:
            data[options.puff_share] = gather(data_folder(), knowledge, options)
        print(variant.name, flush=True)
        learn_student(options, data[options.puff_share], folder, fabric)
        export_student(*load_student(folder / "student.safetensors"), folder)
        made.append(str(folder / "student.onnx"))
    print(f"Measure: python -m benchmarks.quality --limit 16 --no-pyiqa --students {' '.join(made)}")


if __name__ == "__main__":
    run_command(main)
