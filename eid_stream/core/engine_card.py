"""The engine card: a small JSON file that says what an engine is, and what it must answer."""

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from eid_stream.core.errors import EngineLoadError


@dataclass(frozen=True, slots=True)
class EngineCard:
    """What an engine says of itself. Sizes in pixels and cells; hashes are SHA-256 in hexadecimal."""

    name: str
    """What the engine is called in marks, tags and logs, such as ``student`` or ``prior``."""
    version: str
    backend: str
    """Which code runs it: ``onnx``, ``cuda``, ``tensorrt`` or ``prior``."""
    thumbnail_width: int
    thumbnail_height: int
    grid_width: int
    grid_height: int
    precision: str = "fp32"
    colour: str = "Y' in [0, 1], Cb and Cr in [-0.5, 0.5], in the matrix of the stream"
    looks: int = 2
    """How often a thumbnail is looked at: 2, straight and turned by half; 1 where the ground is always below."""
    only_adds_light: bool = False
    """Whether its haze is light added before a dark ground, all of which may be taken from a still picture."""
    student_sha256: str = ""
    """Hash of the exported student (ONNX bytes) the engine was made from; empty without one."""
    program_sha256: str = ""
    """Hash of the student's exported program, from which GPU engines are built; empty without one."""
    engine_sha256: str = ""
    """Hash of the engine file itself."""
    built_by: str = ""
    """Program and library versions that built the engine."""
    device: str = "any"
    """Device the engine was built for; ``any`` if it runs everywhere."""
    licence: str = ""
    training_data: str = ""
    metrics: dict[str, float] = field(default_factory=dict)
    golden: dict[str, list[float]] = field(default_factory=dict)
    """Golden answers by the name of the thumbnail that asks: see ``golden.py``."""

    @classmethod
    def load(cls, path: Path) -> "EngineCard":
        """Read a card.

        Raises:
            EngineLoadError: the file is missing, is not JSON, or has missing or unknown fields.
        """
        try:
            content: Any = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise EngineLoadError(f"Cannot read the engine card {path}: {error}. Build the engine again.") from error
        if not isinstance(content, dict):
            raise EngineLoadError(f"The engine card {path} is not a JSON object. Build the engine again.")
        unknown = set(content) - {f.name for f in fields(cls)}
        if unknown:
            raise EngineLoadError(
                f"The engine card {path} has unknown fields ({', '.join(sorted(unknown))}): it was written by "
                "another version of eid-stream. Build the engine again."
            )
        try:
            return cls(**content)
        except TypeError as error:
            raise EngineLoadError(f"The engine card {path} is incomplete: {error}. Build the engine again.") from error

    def save(self, path: Path) -> None:
        """Write the card as JSON for people and machines."""
        path.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")
