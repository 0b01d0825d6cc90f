"""The average of two trained students' weights: ``python -m training.experiments.average_students``.

Where one was begun from the other they lie in one valley of the loss, and between them it is flatter and often lower
(model soups, Wortsman et al., ICML 2022): what each forgot, the other brings back.
"""

from pathlib import Path

from eid_stream.core.errors import ConfigError
from training.checkpoint import load_checkpoint, save_checkpoint
from training.command import run_command
from training.data.frames import data_folder, read_frame_list
from training.data.picture_cache import load_pictures
from training.student.train_student import pair_clips, require_kinds
from training.student.trained import load_student
from training.student.validation import make_validation_set, validate

NAME = "student.safetensors"


def main(first: Path, second: Path, out: Path, *, share: float = 0.5) -> None:
    """Average two trained students, and try the result on the validation frames.

    Parameters
    ----------
    first: Checkpoint of a trained student.
    second: Checkpoint of another, of the same shape.
    out: Folder to write student.safetensors and its card into.
    share: What the second one counts, from 0 to 1.
    """
    folder = data_folder()
    records = read_frame_list(folder)
    require_kinds(records, splits=("val",))
    unseen = load_pictures([r for r in records if r.split == "val"])
    average_students(first, second, out, share)
    student, made_by = load_student(out / NAME)
    made_by["figures"] = validate(student, make_validation_set(unseen, pair_clips(folder)))
    save_checkpoint(out / NAME, student.state_dict(), made_by)
    print(made_by["figures"])


def average_students(first: Path, second: Path, out: Path, share: float) -> None:
    """Write the average of the weights of two checkpoints, and what made both; it has no figures of its own yet.

    Raises:
        ConfigError: a checkpoint cannot be read, they differ in shape, or ``share`` is not within [0, 1].
    """
    if not 0.0 <= share <= 1.0:
        raise ConfigError(f"The second student's share cannot be {share:g}: give a number from 0 to 1.")
    (weights, made_by), (others, made_other) = load_checkpoint(first), load_checkpoint(second)
    sizes, other_sizes = ({name: tuple(value.shape) for name, value in of.items()} for of in (weights, others))
    if sizes != other_sizes:
        raise ConfigError(f"Cannot average {first} and {second}: they are students of different shapes or versions.")
    average = {
        name: value.lerp(others[name], share) if value.is_floating_point() else value for name, value in weights.items()
    }
    parents = [{"checkpoint": str(path), **made} for path, made in ((first, made_by), (second, made_other))]
    made = made_other | {
        "command": "training.experiments.average_students",
        "share": share,
        "averaged": parents,
        "figures": {},
    }
    save_checkpoint(out / NAME, average, made)


if __name__ == "__main__":
    run_command(main)
