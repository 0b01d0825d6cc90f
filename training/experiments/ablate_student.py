"""What each part of the student's training adds: ``python -m training.experiments.ablate_student OUT``.

Every variant differs from the first in one thing and learns from the same batches for the same number of steps. The
command prints the quick figures of each, and the line that has benchmarks.quality measure all of them.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

from training.command import run_command
from training.data.frames import data_folder
from training.export.export_student import EXPORTED, export_student
from training.network.student import StudentShape
from training.student.distill_student import Knowledge, gather
from training.student.learning import learn_student
from training.student.options import StudentOptions
from training.student.train_student import start_fabric
from training.student.trained import load_student


@dataclass(frozen=True, kw_only=True, slots=True)
class Variant:
    """One row: the terms that are left out, or the shape that differs."""

    name: str
    without: tuple[str, ...] = ()
    """Names of terms, as in ``LossWeights``."""
    shape: StudentShape = field(default_factory=StudentShape)
    imagenet: bool = True
    """Whether the trunk begins with trained features."""

    def options(self, base: StudentOptions) -> StudentOptions:
        """The options of a student of this variant, otherwise those of ``base``."""
        weights = replace(base.weights, **dict.fromkeys(self.without, 0.0))
        return replace(base, weights=weights, shape=self.shape, imagenet=self.imagenet)


ADVICE = ("answer", "veil", "consistency")
TERMS = (
    Variant(name="everything"),
    Variant(name="nothing distilled", without=(*ADVICE, "equivariance", "witness")),
    Variant(name="no teacher's answer", without=("answer",)),
    Variant(name="no companion's veil", without=("veil",)),
    Variant(name="no haze consistency", without=("consistency",)),
    Variant(name="no equivariance", without=("equivariance",)),
    Variant(name="no witness in time", without=("witness",)),
    Variant(name="no self-ensemble", without=("ensemble",)),
    Variant(name="no dark statistics", without=("dark",)),
    Variant(name="no range, no white", without=("range", "white")),
    Variant(name="no flicker terms", without=("flicker", "clip_flicker")),
)
DESIGNS = (
    Variant(name="as by default"),
    Variant(name="no haze features", shape=StudentShape(haze_features=False)),
    Variant(name="no features from ImageNet", imagenet=False),
    Variant(name="half as wide", shape=StudentShape(fine=16, coarse=32)),
    Variant(name="half again as wide at two by two cells", shape=StudentShape(coarse=96)),
    Variant(name="twice as wide", shape=StudentShape(fine=64, coarse=128)),
    Variant(name="more depth at one cell", shape=StudentShape(fine_blocks=3)),
    Variant(name="veil apart from attenuation, affine", shape=StudentShape(veil_apart=True)),
    Variant(name="one opacity for luma and chroma", shape=StudentShape(chroma_apart=False)),
    Variant(name="thumbnail of half the size", shape=StudentShape(half_sight=True)),
    Variant(name="grid of half the size", shape=StudentShape(half_grid=True)),
)


def main(
    out: Path,
    *,
    start: Path | None = None,
    steps: int = 300,
    only: tuple[str, ...] = (),
    seed: int = 0,
    threads: int | None = None,
) -> None:
    """Train one short-lived student for every variant; a stopped run goes on.

    Args:
        out: Folder for one folder of each variant, with its exported student.
        start: student.safetensors that all begin with, to ablate terms; without it designs are compared, from scratch
            and on puffs, which is how a student begins.
        steps: Batches for each variant.
        only: Names of the variants wanted; all unless given.
        seed: Seed of weights and of every batch.
        threads: CPU threads; PyTorch decides otherwise.
    """
    base = _base(start, steps, seed)
    fabric = start_fabric(base, "cpu", 1, threads)
    data = gather(data_folder(), Knowledge(eid=start is not None, witnesses=start is not None), base)
    made = []
    for variant in TERMS if start else DESIGNS:
        if only and variant.name not in only:
            continue
        folder = out / variant.name.replace(" ", "_").replace("'", "")
        figures = learn_student(variant.options(base), data, folder, fabric)
        export_student(*load_student(folder / "student.safetensors"), folder / EXPORTED)
        made.append(str(folder / EXPORTED / "student.onnx"))
        print(f"{variant.name}: {figures}", flush=True)
    print(f"Measure: python -m benchmarks.quality --limit 16 --no-pyiqa --students {' '.join(made)}")


def _base(start: Path | None, steps: int, seed: int) -> StudentOptions:
    base = StudentOptions(steps=steps, seed=seed, validate_every=steps, veils=800)
    return replace(base, start=start, learning_rate=1e-3) if start else replace(base, puffs_first=steps)


if __name__ == "__main__":
    run_command(main)
