"""Train the student on rendered and real smoke: ``python -m training.student.train_student``.

On one CPU core, 6,000 steps take about 45 minutes. A stopped run goes on when the command is given again.
``training.student.distill_student`` adds what the EID teacher and video know; this is the student before it.
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import torch
from lightning_fabric import Fabric

from eid_stream.core.errors import ConfigError
from training.command import run_command
from training.data.clip_pairs import ClipPairPool
from training.data.drawn_scenes import draw_scenes
from training.data.frames import FrameRecord, data_folder, read_frame_list
from training.data.picture_cache import load_pictures
from training.smoke.veil_bank import VeilBank
from training.student.learning import StudentData, learn_student
from training.student.options import StudentOptions
from training.student.smoky_batch import BatchMaker
from training.student.validation import make_validation_set

TRAINING_CLIPS = ("smoke_cuts_256p33.mp4", *(f"cholec80_video01/segment_{n}.mp4" for n in range(284, 301, 2)))
"""Clips whose neighbouring frames must not flicker; the others stay unseen."""
KINDS = ("clear", "hazy")
PAIR_CLIPS = ("pair_smoke_480p5.mp4", "pair_clear_480p5.mp4")


def load_data(
    folder: Path,
    records: Sequence[FrameRecord],
    options: StudentOptions,
    rank: int = 0,
    clips: Sequence[str] = TRAINING_CLIPS,
) -> StudentData:
    """Read all frames and clips into memory, beside drawn scenes; every rank draws batches of its own.

    Raises:
        ConfigError: a frame cannot be read, or one kind of frames is missing in one split.
    """
    require_kinds(records)
    seed = options.seed * 1000 + rank
    training = load_pictures([r for r in records if r.split == "train"])
    paths = [path for path in (folder / "clips" / name for name in clips) if path.exists()]
    return StudentData(
        command="training.student.train_student",
        maker=BatchMaker(
            pictures=[*training, *draw_scenes()],
            veils=VeilBank(count=options.veils, seed=options.seed, puff_share=options.puff_share),
            seed=seed,
        ),
        clips=ClipPairPool(paths, stride=6, seed=seed) if paths else None,
        validation=make_validation_set(load_pictures([r for r in records if r.split == "val"]), pair_clips(folder)),
        licences=sorted({f"{r.source}: {r.licence}" for r in records}),
        frames={split: sum(r.split == split for r in records) for split in ("train", "val")},
    )


def pair_clips(folder: Path) -> tuple[Path, Path] | None:
    """The clip with simulated smoke and the same without, where there is one."""
    smoky, clear = (folder / "clips" / name for name in PAIR_CLIPS)
    return (smoky, clear) if smoky.exists() else None


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
    fabric = start_fabric(options, accelerator, devices, threads)
    folder = data_folder()
    data = load_data(folder, read_frame_list(folder), options, fabric.global_rank)
    fabric.print(f"Data ready: {data.frames}, {len(data.clips or ())} clip pairs")
    learn_student(options, data, out, fabric)


def start_fabric(options: StudentOptions, accelerator: str, devices: int, threads: int | None) -> Fabric:
    """Processes, launched, each with its number of CPU threads."""
    if threads:
        torch.set_num_threads(threads)
        cv2.setNumThreads(threads)
    fabric = Fabric(accelerator=accelerator, devices=devices, precision=options.precision)
    fabric.launch()
    return fabric


def require_kinds(records: Sequence[FrameRecord], splits: Sequence[str] = ("train", "val")) -> None:
    """Refuse a frame list without clear or without hazy frames in one of the splits.

    Raises:
        ConfigError: one kind of frames is missing.
    """
    found = {(r.split, r.kind) for r in records}
    missing = [f"{kind} frames for {split}" for split in splits for kind in KINDS if (split, kind) not in found]
    if missing:
        raise ConfigError(f"The frame list lacks {', '.join(missing)}. Add videos, or share them out differently.")


if __name__ == "__main__":
    run_command(main)
