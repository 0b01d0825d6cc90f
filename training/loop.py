"""The loop of every training run: goes on where it stopped, logs, saves."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol, TypeVar

from lightning_fabric import Fabric
from torch import nn
from torch.optim.swa_utils import AveragedModel

from eid_stream.core.errors import ConfigError
from training.checkpoint import load_progress, save_checkpoint, save_progress
from training.run_log import RunLog

SAVE_EVERY_SECONDS = 60.0
Batch = TypeVar("Batch", contravariant=True)


class Learning(Protocol[Batch]):
    """Something that learns step by step; what is kept of it is its running average."""

    averaged: AveragedModel

    @property
    def options(self) -> Any:
        """The dataclass of options that made it, with at least ``steps``."""
        ...

    def step(self, batch: Batch, step: int) -> dict[str, float]:
        """Improve on the batch of a step; returns the losses by name."""
        ...

    def parts(self) -> dict[str, Any]:
        """Networks, optimisers and schedules by name: whatever has a state that a stopped run needs to go on."""
        ...


def run_steps(
    name: str,
    learning: Learning[Any],
    draw: Callable[[int], Any],
    out: Path,
    fabric: Fabric,
    *,
    described: Mapping[str, Any],
    try_out: Callable[[nn.Module], dict[str, float]] | None = None,
    log_every: int = 100,
    stop_at: int | None = None,
) -> nn.Module:
    """Run all steps, or those an earlier run into ``out`` left; writes ``out/{name}.safetensors``, returns the average.

    ``draw`` gives the batch of a step, on the device; ``described`` (the command, data, licences) goes into the card,
    as do the figures of ``try_out`` at the end. ``stop_at`` ends the run early at that step, to be taken up again.

    Raises:
        ConfigError: what lies in ``out`` was begun with other options.
    """
    first = _take_up(name, learning, out)
    log = RunLog(out / f"{name}_log.jsonl", every=log_every)
    saved, last = time.monotonic(), min(learning.options.steps, stop_at or learning.options.steps)
    for step in range(first, last):
        losses = learning.step(draw(step), step)
        if not fabric.is_global_zero:
            continue
        log.add(step, losses)
        if step == last - 1 or time.monotonic() - saved > SAVE_EVERY_SECONDS:
            _save(name, learning, described, out, step + 1)
            saved = time.monotonic()
    network: nn.Module = learning.averaged.module
    if try_out and fabric.is_global_zero and last > first:
        figures = try_out(network)
        print(json.dumps(figures), flush=True)
        _save(name, learning, {**described, "figures": figures}, out, last)
    return network


def _take_up(name: str, learning: Learning[Any], out: Path) -> int:
    progress = load_progress(out / f"{name}_progress.pt")
    if progress is None:
        return 0
    begun_with = json.loads((out / f"{name}.json").read_text(encoding="utf-8"))["options"]
    if begun_with != json.loads(json.dumps(asdict(learning.options), default=str)):
        raise ConfigError(f"The run in {out} was begun with other options. Repeat those, or choose another folder.")
    for part, state in progress["state"].items():
        learning.parts()[part].load_state_dict(state)
    return int(progress["step"])


def _save(name: str, learning: Learning[Any], described: Mapping[str, Any], out: Path, step: int) -> None:
    made_by = {**described, "options": asdict(learning.options), "step": step}
    state = {part: thing.state_dict() for part, thing in learning.parts().items()}
    save_checkpoint(out / f"{name}.safetensors", learning.averaged.module.state_dict(), made_by)
    save_progress(out / f"{name}_progress.pt", {"step": step, "state": state})
