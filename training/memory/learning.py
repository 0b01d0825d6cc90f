"""How the memory's network learns from lessons."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from eid_stream.dehazing.memory.memory_network import CELL_ANSWERS, WHOLE_ANSWERS
from eid_stream.dehazing.memory.network_input import CHANGE_SCALE, REGISTERED
from training.memory.lessons import Lesson
from training.memory.network import Cleared, MemoryNetwork, cleared, squared_error

logger = logging.getLogger(__name__)
CLEAR_SHARE = 0.4
"""Of the lessons of a step; camera systems count by the root of how many lessons they have."""
FLOOR = 3e-5
"""Squared error in RGB below which nobody sees a difference: about 45 dB."""
SMOKE, CLEAR = 0.05, 0.015
"""Opacity from which a cell is smoky, and up to which it is clear."""
TELLING = 0.15
"""Weight of the cross entropy of that, beside the logarithm of the squared error."""
BELONGING = 0.1
"""Weight of the cross entropy of whether a past is another scene's."""
PLANES = ("shown", "engine", "seen", "truth", "smoke")
BATCH, RATE, DECAY = 64, 2e-3, 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Lessons side by side, each array of ``Lesson`` with one axis more in front."""

    shown: Tensor
    engine: Tensor
    seen: Tensor
    truth: Tensor
    smoke: Tensor

    def flipped(self, dims: list[int]) -> "Batch":
        """Mirrored along axes."""
        return Batch(*(torch.flip(getattr(self, name), dims) for name in PLANES))


def learn(lessons: Sequence[Lesson], steps: int, seed: int) -> MemoryNetwork:
    """A network that brings the lessons' views near to their truth, and leaves alone what is clear."""
    rng = np.random.default_rng([seed, 0x1EA2])
    network, weight = MemoryNetwork(), _weights(lessons)
    optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, steps, pct_start=0.1)
    for step in range(steps):
        drawn = rng.choice(len(lessons), BATCH, p=weight)
        batch = batch_of([lessons[n] for n in drawn]).flipped([d for d in (-1, -2) if rng.random() < 0.5])
        loss = _loss(network, batch, [lessons[n] for n in drawn])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 500 == 0:
            logger.info("step %d of %d: %.3f", step, steps, loss.item())
    return network


def _loss(network: MemoryNetwork, batch: Batch, lessons: Sequence[Lesson]) -> Tensor:
    cells, whole, shown = answered(network, batch)
    error = squared_error(shown, batch.truth[:, :3], batch.truth[:, 3:], batch.smoke[:, 1])
    loss = torch.log(error + FLOOR).mean() + TELLING * _telling(cells, batch.smoke)
    foreign = torch.tensor([float(each.past == "foreign") for each in lessons])
    return loss + BELONGING * binary_cross_entropy_with_logits(whole[:, 5], foreign)


def batch_of(lessons: Sequence[Lesson]) -> Batch:
    """Lessons side by side."""
    stacked = (np.stack([getattr(each, name) for each in lessons]) for name in PLANES)
    return Batch(*(torch.from_numpy(each).float() for each in stacked))


def answered(network: MemoryNetwork | None, batch: Batch) -> tuple[Tensor, Tensor, Cleared]:
    """The network's answers, and what they make of the views; None changes nothing."""
    content = batch.smoke[:, 1]
    if network is None:
        cells = batch.seen.new_full((len(content), CELL_ANSWERS, *content.shape[1:]), -20.0)
        whole = batch.seen.new_zeros(len(content), WHOLE_ANSWERS)
    else:
        with torch.autocast("cpu", torch.bfloat16):
            cells, whole = network(batch.shown)
        cells, whole = cells.float(), whole.float()
    kept = registered(batch.shown)
    return cells, whole, cleared(cells, whole, batch.engine, batch.seen[:, :3], batch.seen[:, 3:], content, kept)


def registered(shown: Tensor) -> Tensor:
    """(b, 4, ROWS, COLUMNS) of what the network is shown: the registered view's mean less what is seen, its content."""
    at = REGISTERED.start
    return torch.cat([-shown[:, at : at + 3] / torch.from_numpy(CHANGE_SCALE), shown[:, at + 4 : at + 5]], 1)


def error_of(network: MemoryNetwork | None, batch: Batch) -> Tensor:
    """(b,): squared error in RGB of what the network makes of views; None changes nothing."""
    shown = answered(network, batch)[2]
    return squared_error(shown, batch.truth[:, :3], batch.truth[:, 3:], batch.smoke[:, 1])


def _weights(lessons: Sequence[Lesson]) -> NDArray[np.float64]:
    sources, smoky = np.array([each.source for each in lessons]), np.array([each.smoky for each in lessons])
    _names, place, count = np.unique(sources, return_inverse=True, return_counts=True)
    weight = 1.0 / np.sqrt(count[place])
    for kind, share in ((smoky, 1.0 - CLEAR_SHARE), (~smoky, CLEAR_SHARE)):
        weight[kind] *= share / max(float(weight[kind].sum()), 1e-9)
    return np.asarray(weight / weight.sum(), np.float64)


def _telling(cells: Tensor, smoke: Tensor) -> Tensor:
    opacity, content = smoke.unbind(1)
    told = (((opacity > SMOKE) | (opacity < CLEAR)) & (content > 0.5)).float()
    wrong = torch.nn.functional.binary_cross_entropy_with_logits(
        cells[:, 0], (opacity > SMOKE).float(), reduction="none"
    )
    return (wrong * told).sum() / told.sum().clamp_min(1.0)
