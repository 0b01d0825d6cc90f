"""Train the student: ``python -m training.student.train_student``.

One run from ImageNet's features to the weights that are shipped: rendered smoke, clear frames, real smoky frames, what
EID's haze operator knows of them, and moments of clips that show one scene through thick and through thin smoke. A
stopped run goes on when the command is given again.
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import torch
from lightning_fabric import Fabric

from eid_stream.core.errors import ConfigError
from training.command import run_command
from training.data.clip_moments import ClipMomentPool
from training.data.drawn_scenes import draw_scenes
from training.data.frames import FrameRecord, data_folder, read_frames_to_learn_from
from training.data.picture_cache import load_pictures
from training.eid.haze_operator import ScatteringHaze, load_haze
from training.loop import run_steps
from training.smoke.veil_bank import VeilBank
from training.student.batch import BatchMaker, StudentBatch
from training.student.learning import StudentLearning
from training.student.options import StudentOptions
from training.student.validation import make_validation_set, validate

WITNESS_CLIPS = (
    "smoke_cuts_256p33.mp4", "smoke_480p60.mp4", *(f"cholec80_video01/segment_{n}.mp4" for n in range(284, 301))
)  # fmt: skip
"""Clips in which smoke comes or goes before a scene that stays."""
KINDS = ("clear", "hazy")


def main(
    out: Path = Path("runs/student"),
    *,
    options: StudentOptions | None = None,
    accelerator: str = "cpu",
    threads: int | None = None,
) -> None:
    """Train the student.

    Parameters
    ----------
    out: Folder for student.safetensors with its card, and the log; a stopped run goes on.
    options: What makes the student; every field is an option of its own.
    accelerator: cpu or cuda.
    threads: CPU threads; PyTorch decides otherwise.
    """
    options = options or StudentOptions()
    use_threads(threads)
    fabric = Fabric(accelerator=accelerator, devices=1)
    train(options, data_folder(), out, fabric)


def train(options: StudentOptions, folder: Path, out: Path, fabric: Fabric, *, stop_at: int | None = None) -> None:
    """Train on a folder of frames; writes ``out/student.safetensors``. ``stop_at`` ends the run early at that step.

    Raises:
        ConfigError: frames or checkpoints are missing, or what lies in ``out`` was begun with other options.
    """
    records = read_frames_to_learn_from(folder)
    learned = [r for r in records if r.split == "train" and r.source not in options.left_out]
    tried = [r for r in records if (r.source in options.left_out if options.left_out else r.split == "val")]
    require_kinds(learned)
    haze = load_scattering(options.eid) if options.eid else None
    maker = gather(learned, folder, options)
    validation = make_validation_set(load_pictures(tried))
    learning = StudentLearning(options, haze, fabric.device)
    described = {
        "command": "training.student.train_student",
        "licences": sorted({f"{r.source}: {r.licence}" for r in learned}),
        "frames": {"train": len(learned), "tried on": len(tried)},
    }
    run_steps(
        "student", learning, lambda step: draw(maker, options, step), out, fabric, described=described,
        try_out=lambda _: validate(learning.average, validation), stop_at=stop_at,
    )  # fmt: skip


def use_threads(threads: int | None) -> None:
    """Let PyTorch and OpenCV use as many CPU threads, where a number is given."""
    if threads:
        torch.set_num_threads(threads)
        cv2.setNumThreads(threads)


def draw(maker: BatchMaker, options: StudentOptions, step: int) -> StudentBatch:
    """The batch of a step: small pictures first, four times as many (progressive resizing)."""
    if step < options.small_first * options.steps:
        return maker.draw(step, options.sizes.while_small(), shrink=2)
    return maker.draw(step, options.sizes)


def gather(learned: Sequence[FrameRecord], folder: Path, options: StudentOptions) -> BatchMaker:
    """All frames and clips in memory, and smoke."""
    pictures = [*load_pictures(learned), *draw_scenes()]
    clips = [folder / "clips" / name for name in WITNESS_CLIPS if not name.startswith(options.left_out or ("-",))]
    moments = ClipMomentPool([path for path in clips if path.exists()], seed=options.seed)
    return BatchMaker(
        pictures=pictures,
        veils=VeilBank(count=options.veils, seed=options.seed),
        seed=options.seed,
        witnesses=moments if len(moments) else None,
    )


def require_kinds(records: Sequence[FrameRecord]) -> None:
    """Refuse frames among which clear or hazy ones are missing.

    Raises:
        ConfigError: one kind of frames is missing.
    """
    missing = [kind for kind in KINDS if kind not in {r.kind for r in records}]
    if missing:
        raise ConfigError(
            f"The frame list lacks {' and '.join(missing)} frames to learn from. Add videos that show some."
        )


def load_scattering(path: Path) -> ScatteringHaze:
    """A haze operator that has veils.

    Raises:
        ConfigError: it is missing, or of the generator form.
    """
    haze = load_haze(path)
    if not isinstance(haze, ScatteringHaze):
        raise ConfigError(
            f"Cannot distil from {path}: it is a haze operator of the generator form, which has no veils. "
            "Train one of the scattering form with training.eid.train_haze."
        )
    return haze


if __name__ == "__main__":
    run_command(main)
