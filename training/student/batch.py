"""What one step of training looks at: groups of pictures, some with a truth, some with a witness, some with neither."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from eid_stream.core.errors import ConfigError
from training.data.clip_moments import ClipMomentPool
from training.data.clip_pairs import ClipPairs
from training.data.picture_cache import Picture
from training.data.views import draw_pose, random_view, view
from training.network.student import STRIDE
from training.smoke.smoky_view import clear_view, smoky_view
from training.smoke.veil_bank import VeilBank
from training.student.haze_labels import HazeLabels
from training.student.one_sided import change
from training.student.view_pools import ViewPool


@dataclass(frozen=True, slots=True)
class BatchSizes:
    """Pictures of each kind in a step."""

    rendered: int = 8
    clear: int = 4
    hazy: int = 3
    witnesses: int = 1
    """Pairs of moments that show one scene through thick and through thin smoke."""
    small: int = 4
    """How many times as many there are while pictures are small."""

    def while_small(self) -> "BatchSizes":
        """The sizes of steps whose pictures have half the height and width: as much work in more pictures."""
        more = {kind: self.small * getattr(self, kind) for kind in ("rendered", "clear", "hazy")}
        return replace(self, witnesses=0, **more)

    def __post_init__(self) -> None:
        for name in ("rendered", "clear", "hazy"):
            if getattr(self, name) < 1:
                raise ConfigError(f"A step needs at least one picture of the kind '{name}', not {getattr(self, name)}.")


@dataclass(frozen=True, slots=True, eq=False)
class KnownBatch:
    """Smoky views and what they should look like: RGB (n, 3, h, w) in [0, 1]."""

    hazy: Tensor
    clear: Tensor
    content: Tensor
    """(n, 1, h, w): 1 where the scene is."""
    veil: Tensor
    """(n, 4, h / 8, w / 8): opacity and RGB airlight."""
    known: Tensor
    """(n,): whether ``veil`` holds."""


@dataclass(frozen=True, slots=True, eq=False)
class RealBatch:
    """Real views of unknown truth: RGB (n, 3, h, w), content (n, 1, h, w)."""

    rgb: Tensor
    content: Tensor
    changed: Tensor
    """The same views, changed as no teacher sees them (``training.student.one_sided``)."""
    label: Tensor
    """(n, 2, h / 8, w / 8): opacity that clear frames of the same camera suggest, and how far it is believed."""


@dataclass(frozen=True, slots=True, eq=False)
class StudentBatch:
    """Everything one step looks at."""

    rendered: KnownBatch
    clear: RealBatch
    hazy: RealBatch
    witnesses: ClipPairs | None
    """Hazier and clearer views of one scene."""


class BatchMaker:
    """Draws batches; the same ones at the same step, whatever was drawn before."""

    def __init__(
        self,
        *,
        pictures: Sequence[Picture],
        veils: VeilBank,
        seed: int,
        witnesses: ClipMomentPool | None = None,
    ) -> None:
        self._seed, self._veils, self._witnesses = seed, veils, witnesses
        self._clear, self._hazy = ViewPool(pictures, "clear"), ViewPool(pictures, "hazy")
        self._labels = HazeLabels(pictures)

    def draw(self, step: int, sizes: BatchSizes, shrink: int = 1) -> StudentBatch:
        """The batch of a step, its pictures smaller than the thumbnail by ``shrink``; witnesses never are."""
        rng = np.random.default_rng([self._seed, 0xBA7C, step])
        witnesses = None
        if self._witnesses and sizes.witnesses:
            self._witnesses.restart(step)
            witnesses = self._witnesses.draw(sizes.witnesses)
        return StudentBatch(
            rendered=self._rendered(sizes.rendered, rng, shrink),
            clear=self._shown_clear(sizes.clear, rng, shrink),
            hazy=self._shown_hazy(sizes.hazy, rng, shrink),
            witnesses=witnesses,
        )

    def _rendered(self, count: int, rng: np.random.Generator, shrink: int) -> KnownBatch:
        views = (random_view(self._clear.draw(rng), rng, shrink) for _ in range(count))
        shown = [smoky_view(v, self._veils.draw(rng, moments=1, shrink=shrink), rng) for v in views]
        return KnownBatch(
            hazy=_stack([s.hazy for s in shown]),
            clear=_stack([s.clear for s in shown]),
            content=_stack([s.content for s in shown]),
            veil=_stack([s.veil for s in shown]),
            known=torch.tensor([s.known for s in shown]),
        )

    def _shown_clear(self, count: int, rng: np.random.Generator, shrink: int) -> RealBatch:
        views = [clear_view(random_view(self._clear.draw(rng), rng, shrink), rng) for _ in range(count)]
        rgb = _stack([v.rgb for v in views])
        label = torch.zeros(len(rgb), 2, rgb.shape[2] // STRIDE, rgb.shape[3] // STRIDE)
        return RealBatch(rgb, _stack([v.content for v in views]), rgb, label)

    def _shown_hazy(self, count: int, rng: np.random.Generator, shrink: int) -> RealBatch:
        pictures = [self._hazy.draw(rng) for _ in range(count)]
        poses = [draw_pose(picture, rng, shrink) for picture in pictures]
        views = [view(picture, pose) for picture, pose in zip(pictures, poses, strict=True)]
        changed = _stack([change(v, rng) for v in views])
        label = _stack([self._labels.of(picture, pose) for picture, pose in zip(pictures, poses, strict=True)])
        return RealBatch(_stack([v.rgb for v in views]), _stack([v.content for v in views]), changed, label)


def _stack(arrays: Sequence[NDArray[np.float32]]) -> Tensor:
    return torch.from_numpy(np.stack([np.asarray(array, np.float32) for array in arrays]))
