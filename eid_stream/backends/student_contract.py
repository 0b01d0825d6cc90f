"""The contract of the exported student: names and shapes of its tensors, its files, and reading its answer.

A student's engine looks twice: at the thumbnail as it is, and turned by half. What is seen in the two differs, and the
mean is nearer to the truth (geometric self-ensemble, Timofte et al., CVPR 2016): docs/quality.md has the figures.
"""

import hashlib
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eid_stream.core.engine_card import EngineCard
from eid_stream.core.errors import EngineLoadError, EngineMismatchError, EngineRunError
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.thumbnail import Thumbnail

INPUT_NAME = "thumbnail"
OUTPUT_NAMES = ("maps", "density")
MODEL_FILE, PROGRAM_FILE, CARD_FILE = "student.onnx", "student.pt2", "student.json"
"""The ONNX model looks once, the program twice in one batch: a GPU has no use for a second thread."""

Look = tuple[NDArray[np.float32], NDArray[np.float32]]
"""What the network answers to one picture: maps and density, in ``output_shapes``."""


def input_shape(card: EngineCard) -> tuple[int, int, int, int]:
    """Shape of the network's input, float32 Y'CbCr."""
    return 1, 3, card.thumbnail_height, card.thumbnail_width


def output_shapes(card: EngineCard) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Shapes of the network's outputs, float32, in the order of ``OUTPUT_NAMES``."""
    return (1, 5, card.grid_height, card.grid_width), (1,)


def read_shipped(name: str) -> bytes:
    """One file of the student that came with the package.

    Raises:
        EngineLoadError: the package was installed without it.
    """
    try:
        return files("eid_stream").joinpath("weights", name).read_bytes()
    except OSError as error:
        raise EngineLoadError(
            f"The student's file weights/{name} is not in this installation of eid-stream ({error}). "
            "Install the package again, or run with --engine prior."
        ) from error


def shipped_card() -> EngineCard:
    """The card of the student that came with the package.

    Raises:
        EngineLoadError: the card is missing or cannot be read.
    """
    with as_file(files("eid_stream").joinpath("weights", CARD_FILE)) as path:
        return EngineCard.load(Path(path))


def require_hash(content: bytes, expected: str, what: str) -> None:
    """Refuse content that is not what its card speaks of.

    Raises:
        EngineMismatchError: the SHA-256 differs.
    """
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise EngineMismatchError(
            f"{what} has SHA-256 {found[:12]}..., its card says {expected[:12] or 'nothing'}...: it is damaged or "
            "belongs to another card. Install the package or build the engine again."
        )


def as_input(thumbnail: Thumbnail, card: EngineCard) -> NDArray[np.float32]:
    """The thumbnail as the network's input, without a copy.

    Raises:
        EngineRunError: the thumbnail has another size or type than the card says.
    """
    values = thumbnail.values[np.newaxis]
    if values.shape != input_shape(card) or values.dtype != np.float32:
        raise EngineRunError(
            f"The thumbnail is {values.dtype} {values.shape[1:]}, the engine {card.name!r} takes float32 "
            f"{input_shape(card)[1:]}."
        )
    return values


def half_turned(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """A view of pictures or maps (..., height, width) turned by half."""
    return values[..., ::-1, ::-1]


def mean_of_looks(straight: Look, turned: Look) -> HazeMaps:
    """Haze maps of what was answered to a thumbnail and to ``half_turned`` of it: the mean of both corrections."""
    (maps, density), (turned_maps, turned_density) = straight, turned
    half = np.float32(0.5)
    return HazeMaps(half * (maps[0] + half_turned(turned_maps[0])), float(half * (density[0] + turned_density[0])))


def as_maps(maps: NDArray[np.float32], density: NDArray[np.float32]) -> HazeMaps:
    """What was answered to one thumbnail as haze maps; the caller owns the arrays."""
    return HazeMaps(maps[0], float(density[0]))
