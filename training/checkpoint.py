"""Trained networks on disk: weights as safetensors, and beside them a JSON file that says what made them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from eid_stream.core.errors import ConfigError


def save_checkpoint(path: Path, weights: Mapping[str, Tensor], made_by: Mapping[str, Any]) -> None:
    """Write ``weights`` to ``path`` (.safetensors) and ``made_by`` to the same name with .json.

    ``made_by`` must be enough to build the network again: command, options, step, data, licence.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    save_file({name: value.detach().cpu().contiguous() for name, value in weights.items()}, part)
    part.replace(path)
    path.with_suffix(".json").write_text(json.dumps(made_by, indent=2, default=str) + "\n", encoding="utf-8")


def load_checkpoint(path: Path, device: str = "cpu") -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what ``save_checkpoint`` wrote: weights, and what made them.

    Raises:
        ConfigError: a file is missing or damaged.
    """
    try:
        made_by: dict[str, Any] = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        return load_file(path, device=device), made_by
    except (OSError, ValueError, SafetensorError) as error:
        raise ConfigError(f"Cannot read the checkpoint {path}: {error}. Train it again.") from error


def save_progress(path: Path, progress: Mapping[str, Any]) -> None:
    """Write everything a stopped run needs to go on (networks, optimisers, step); never half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    torch.save(dict(progress), part)
    part.replace(path)


def load_progress(path: Path, device: str | torch.device = "cpu") -> dict[str, Any] | None:
    """Read what ``save_progress`` wrote, or None where there is nothing."""
    if not path.exists():
        return None
    progress: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    return progress
