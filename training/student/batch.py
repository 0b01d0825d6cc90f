"""What one step of training looks at: groups of pictures, some with a truth, some with a witness, some with neither."""

from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

from eid_stream.core.errors import ConfigError
from training.data.clip_moments import ClipMomentPool
from training.data.clip_pairs import ClipPairPool, ClipPairs
from training.eid.haze_operator import ScatteringHaze
from training.network.colour import Matrices, convert
from training.network.student import Student
from training.student.rehazed_views import SecondLook, look_again
from training.student.self_ensemble import Agreed, agree
from training.student.smoky_batch import BatchMaker, RealBatch, RenderedBatch

TURNED = ("rendered", "hazy", "clear")
"""Groups of which the student's mean answer over mirror images is known."""


@dataclass(frozen=True, slots=True)
class BatchSizes:
    """Pictures of each kind in a step of one process."""

    rendered: int = 9
    moments: int = 1
    """How many of the rendered ones are seen at two moments."""
    clear: int = 3
    hazy: int = 4
    clips: int = 1
    witnesses: int = 1
    """Pairs of moments that show one scene through thick and through thin smoke, in distillation."""
    second_looks: int = 2
    """How many of the hazy ones are cleared, hazed anew and looked at again, in distillation."""
    turned: bool = True
    """Whether ``TURNED`` are also seen in their mirror images, and the mean of that is wanted."""

    def __post_init__(self) -> None:
        for name in ("rendered", "moments", "clear", "hazy"):
            if getattr(self, name) < 1:
                raise ConfigError(f"A step needs at least one picture of the kind '{name}', not {getattr(self, name)}.")


@dataclass(frozen=True, slots=True, eq=False)
class StudentBatch:
    """Everything one step looks at."""

    rendered: RenderedBatch
    later: RenderedBatch
    """Smoke at two moments."""
    clear: RealBatch
    hazy: RealBatch
    clear_of_same_source: RealBatch
    clips: ClipPairs | None
    """Neighbouring frames."""
    witnesses: ClipPairs | None
    """Hazier and clearer views of one scene."""
    matrices: dict[str, Matrices]
    """By group."""
    again: SecondLook | None = None
    agreed: Agreed | None = None
    """What the running average of the student says on average of ``TURNED``, one after the other."""

    def to(self, device: torch.device) -> "StudentBatch":
        """The same on a device."""
        moved = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "matrices"}
        moved = {name: part and part.to(device) for name, part in moved.items()}
        return StudentBatch(**moved, matrices={name: m.to(device) for name, m in self.matrices.items()})

    def groups(self) -> dict[str, Tensor]:
        """All RGB pictures (n, 3, h, w) the student is shown, by group."""
        shown = {
            "rendered": self.rendered.hazy[0],
            "sooner": self.later.hazy[0],
            "later": self.later.hazy[1],
            "clear": self.clear.rgb,
            "hazy": self.hazy.rgb,
        }
        if self.clips:
            shown |= {"first": self.clips.first, "second": self.clips.second}
        if self.witnesses:
            shown |= {"hazier": self.witnesses.first, "clearer": self.witnesses.second}
        if self.again:
            shown["again"] = self.again.hazy
        return shown


def make_batch(
    maker: BatchMaker, clips: ClipPairPool | None, witnesses: ClipMomentPool | None, sizes: BatchSizes
) -> StudentBatch:
    """Draw a batch; groups whose members must agree share their matrices."""
    hazy, same_source = maker.paired_by_source(sizes.hazy)
    counts = {
        "rendered": sizes.rendered, "sooner": sizes.moments, "clear": sizes.clear, "hazy": sizes.hazy,
        "first": sizes.clips, "hazier": sizes.witnesses,
    }  # fmt: skip
    matrices = {group: maker.matrices(count) for group, count in counts.items()}
    for group, same in {"later": "sooner", "second": "first", "clearer": "hazier", "again": "hazy"}.items():
        matrices[group] = matrices[same]
    return StudentBatch(
        rendered=maker.rendered(sizes.rendered),
        later=maker.rendered(sizes.moments, moments=2),
        clear=maker.real("clear", sizes.clear),
        hazy=hazy,
        clear_of_same_source=same_source,
        clips=clips.draw(sizes.clips) if clips and sizes.clips else None,
        witnesses=witnesses.draw(sizes.witnesses) if witnesses and sizes.witnesses else None,
        matrices=matrices,
    )


def with_second_look(
    batch: StudentBatch, student: Student, haze: ScatteringHaze, count: int, seed: tuple[int, int]
) -> StudentBatch:
    """The batch with some of its hazy pictures cleared by ``student``, turned and hazed anew."""
    rng = torch.Generator().manual_seed(seed[0] * 1_000_003 + seed[1])
    matrices = batch.matrices["hazy"].first(count)
    again = look_again(student, haze, batch.hazy.rgb[:count], batch.hazy.content[:count], matrices, rng)
    return replace(batch, again=again, matrices=batch.matrices | {"again": matrices})


def with_turns(batch: StudentBatch, student: Student) -> StudentBatch:
    """The batch with what ``student`` says of ``TURNED`` on average over their mirror images."""
    groups = batch.groups()
    ycbcr = torch.cat([convert(groups[name], batch.matrices[name].to_ycbcr) for name in TURNED])
    return replace(batch, agreed=agree(student, ycbcr))
