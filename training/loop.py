"""The loop of a training run on unpaired frames: goes on where it stopped, logs, saves."""

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from lightning_fabric import Fabric
from torch import nn
from torch.optim.swa_utils import AveragedModel

from eid_stream.core.errors import ConfigError
from training.checkpoint import load_progress, save_checkpoint, save_progress
from training.data.unpaired_frames import UnpairedBatch, UnpairedFrames
from training.run_log import RunLog

SAVE_EVERY_SECONDS = 60.0


class Learning(Protocol):
    """Something that learns step by step; what is kept of it is its running average."""

    averaged: AveragedModel

    @property
    def options(self) -> Any:
        """The dataclass of options that made it, with at least ``steps`` and ``batch``."""
        ...

    def step(self, batch: UnpairedBatch, step: int) -> dict[str, float]:
        """Improve on the batch of a step; returns the losses by name."""
        ...

    def parts(self) -> dict[str, Any]:
        """Networks, optimisers and schedules by name: whatever has a state that a stopped run needs to go on."""
        ...


def run_steps(
    name: str,
    learning: Learning,
    frames: UnpairedFrames,
    out: Path,
    fabric: Fabric,
    *,
    within_source: bool = True,
    log_every: int = 100,
    stop_at: int | None = None,
) -> nn.Module:
    """Run all steps, or those an earlier run into ``out`` left; writes ``out/{name}.safetensors``, returns the average.

    ``stop_at`` ends the run early at that step, to be taken up again.

    Raises:
        ConfigError: what lies in ``out`` was begun with other options.
    """
    first = _take_up(name, learning, out)
    log = RunLog(out / f"{name}_log.jsonl", every=log_every)
    saved, last = time.monotonic(), min(learning.options.steps, stop_at or learning.options.steps)
    for step in range(first, last):
        batch = frames.batch(
            step,
            learning.options.batch,
            within_source=within_source,
            rank=fabric.global_rank,
            world_size=fabric.world_size,
        )
        losses = learning.step(batch.to(fabric.device), step)
        if not fabric.is_global_zero:
            continue
        log.add(step, losses)
        if step == last - 1 or time.monotonic() - saved > SAVE_EVERY_SECONDS:
            _save(name, learning, frames, out, step + 1)
            saved = time.monotonic()
    network: nn.Module = learning.averaged.module
    return network


def _take_up(name: str, learning: Learning, out: Path) -> int:
    progress = load_progress(out / f"{name}_progress.pt")
    if progress is None:
        return 0
    begun_with = json.loads((out / f"{name}.json").read_text(encoding="utf-8"))["options"]
    if begun_with != json.loads(json.dumps(asdict(learning.options))):
        raise ConfigError(f"The run in {out} was begun with other options. Repeat those, or choose another folder.")
    for part, state in progress["state"].items():
        learning.parts()[part].load_state_dict(state)
    return int(progress["step"])


def _save(name: str, learning: Learning, frames: UnpairedFrames, out: Path, step: int) -> None:
    made_by = {
        "command": f"training.train_{name}",
        "options": asdict(learning.options),
        "find_content": frames.find_content,
        "step": step,
        "frames": {kind: frames.count(kind) for kind in ("hazy", "clear")},
        "licences": frames.licences,
    }
    state = {part: thing.state_dict() for part, thing in learning.parts().items()}
    save_checkpoint(out / f"{name}.safetensors", learning.averaged.module.state_dict(), made_by)
    save_progress(out / f"{name}_progress.pt", {"step": step, "state": state})
