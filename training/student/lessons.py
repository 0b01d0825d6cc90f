"""In what order a student learns: puffs first, then everything, in stretches that end where a run can be taken up."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from training.student.batch import BatchSizes
from training.student.losses import LossWeights
from training.student.options import StudentOptions

PUFFS_FIRST_SHARE = 0.8
PUFFS_FIRST_IDENTITY = 0.5


@dataclass(frozen=True, slots=True)
class Lesson:
    """A stretch of steps that are alike; after its last one the student is validated and saved."""

    steps: range
    sizes: BatchSizes
    weights: LossWeights
    puff_share: float


def lessons(options: StudentOptions, first: int = 0) -> Iterator[Lesson]:
    """All lessons from step ``first`` on.

    Puffs come first, because how much smoke there is in all can be told from a picture as a whole: a network that
    starts with everything learns that, stays with it, and is blind to a white puff before a dark liver.
    """
    puffs_first = 0 if options.start else options.puffs_first
    ends = {*range(options.validate_every, options.steps, options.validate_every), puffs_first, options.steps}
    for end in sorted(end for end in ends if first < end <= options.steps):
        steps = range(first, end)
        if first < puffs_first:
            yield _about_puffs(options, steps)
        else:
            yield Lesson(steps, options.sizes, options.weights, options.puff_share)
        first = end


def _about_puffs(options: StudentOptions, steps: range) -> Lesson:
    weights = replace(options.weights, identity=PUFFS_FIRST_IDENTITY, dark=0.0, flicker=0.0, clip_flicker=0.0)
    known = options.sizes.rendered + options.sizes.hazy
    sizes = replace(options.sizes, rendered=known, hazy=1, clips=0, witnesses=0, second_looks=0, turned=False)
    return Lesson(steps, sizes, weights, PUFFS_FIRST_SHARE)
