"""Distil EID into the student: ``python -m training.student.distill_student``.

To what ``training.student.train_student`` learns from (rendered smoke, clear frames, neighbouring frames) come what
teacher and companion advise on real hazy frames, EID's own losses through the student, and haze invariance in time:
moments of real clips that show the same anatomy through thick and through thin smoke.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from eid_stream.core.errors import ConfigError
from training.command import run_command
from training.data.clip_moments import ClipMomentPool
from training.data.frames import data_folder, read_frame_list
from training.eid.haze_operator import ScatteringHaze, load_haze
from training.eid.teacher import load_teacher
from training.student.learning import StudentData, learn_student
from training.student.options import StudentOptions
from training.student.train_student import TRAINING_CLIPS, load_data, start_fabric

HAZE = Path("training/checkpoints/haze_cpu/haze.safetensors")
TEACHER = Path("training/checkpoints/teacher_cpu/teacher.safetensors")
WITNESS_CLIPS = (
    "smoke_cuts_256p33.mp4", "smoke_480p60.mp4", *(f"cholec80_video01/segment_{n}.mp4" for n in range(284, 301))
)  # fmt: skip
"""Clips in which smoke comes or goes before a scene that stays."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Knowledge:
    """What is distilled, beside rendered smoke, and what is kept out of it."""

    eid: bool = True
    """Whether teacher and haze operator are heard."""
    haze: Path = HAZE
    """Haze operator of training.eid.train_haze; it gives second looks, and the companion's veils."""
    teacher: Path = TEACHER
    """Teacher of training.eid.train_teacher."""
    witnesses: bool = True
    """Whether moments of clips teach haze invariance in time."""
    left_out: tuple[str, ...] = ()
    """Sources of frames, and beginnings of clips' names, that are not learned from."""


def main(
    out: Path = Path("runs/distilled"),
    *,
    knowledge: Knowledge | None = None,
    options: StudentOptions | None = None,
    accelerator: str = "auto",
    devices: int = 1,
    threads: int | None = None,
) -> None:
    """Distil EID's teacher and haze operator, rendered smoke and real clips into the student.

    Parameters
    ----------
    out: Folder for student.safetensors with its card, the log and TensorBoard's; a stopped run goes on.
    knowledge: What is distilled.
    options: What makes the student; every field is an option of its own.
    accelerator: cpu, cuda or auto.
    devices: Processes (CPU) or GPUs.
    threads: CPU threads of each process; PyTorch decides otherwise.
    """
    options, knowledge = options or StudentOptions(), knowledge or Knowledge()
    fabric = start_fabric(options, accelerator, devices, threads)
    data = gather(data_folder(), knowledge, options, fabric.global_rank)
    witnesses = len(data.witnesses) if data.witnesses else 0
    fabric.print(f"Data ready: {data.frames}, {len(data.clips or ())} clip pairs, {witnesses} witnesses")
    learn_student(options, data, out, fabric)


def gather(folder: Path, knowledge: Knowledge, options: StudentOptions, rank: int = 0) -> StudentData:
    """All that a student is distilled from.

    Raises:
        ConfigError: frames or checkpoints are missing, or the haze operator is no scattering one.
    """
    haze = _scattering(knowledge.haze) if knowledge.eid else None
    teacher = load_teacher(knowledge.teacher) if knowledge.eid else None
    records = [r for r in read_frame_list(folder) if r.split == "val" or r.source not in knowledge.left_out]
    data = load_data(folder, records, options, rank, clips=_kept(TRAINING_CLIPS, knowledge))
    if haze and teacher:
        data.maker.advise(teacher, haze)
    witnesses = _witnesses(folder, knowledge, options.seed * 1000 + rank) if knowledge.witnesses else None
    return replace(
        data, command="training.student.distill_student", witnesses=witnesses, haze=haze, knowledge=asdict(knowledge)
    )


def _witnesses(folder: Path, knowledge: Knowledge, seed: int) -> ClipMomentPool | None:
    paths = [folder / "clips" / name for name in _kept(WITNESS_CLIPS, knowledge)]
    moments = ClipMomentPool([path for path in paths if path.exists()], seed=seed)
    return moments if len(moments) else None


def _kept(clips: Sequence[str], knowledge: Knowledge) -> list[str]:
    return [name for name in clips if not name.startswith(knowledge.left_out)]


def _scattering(path: Path) -> ScatteringHaze:
    haze = load_haze(path)
    if not isinstance(haze, ScatteringHaze):
        raise ConfigError(
            f"Cannot distil from {path}: it is a haze operator of the generator form, which has no veils. "
            "Train one of the scattering form with training.eid.train_haze."
        )
    return haze


if __name__ == "__main__":
    run_command(main)
