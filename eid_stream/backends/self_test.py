"""Golden thumbnails and answers: how an engine proves, at every start, that it is right.

The thumbnails are made by arithmetic, never stored. The answers of the FP32 reference stand in the engine card:
for every thumbnail its density, then a lattice of cells of the five maps.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eid_stream.core.errors import EngineMismatchError
from eid_stream.core.haze_maps import GAIN_CHROMA, GAIN_LUMA, OFFSET_CB, OFFSET_CR, OFFSET_Y, HazeMaps
from eid_stream.core.interfaces import Engine
from eid_stream.core.thumbnail import Area, Thumbnail

Array = NDArray[np.float32]

LATTICE = (3, 4)
"""Rows and columns of cells, corners included, that a golden answer keeps of each map."""
MAPS_TOLERANCE = 0.02
"""Largest difference from the reference allowed in any map value and in the density."""
CODES_TOLERANCE = 2
"""Largest difference allowed in a corrected sample, in code values of 8 bit full range."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two answers to one thumbnail are apart; code values are those of 8 bit full range."""

    maps_difference: float
    largest_codes: int
    share_beyond_one_code: float


def golden_thumbnails(width: int, height: int) -> dict[str, Thumbnail]:
    """The pictures every engine is asked about, by name; each fills a canvas of ``width`` x ``height``."""
    clear = _clear_scene(width, height)
    pictures = {
        "smoky": _in_smoke(clear),
        "clear": clear,
        "black": _flat(0.0, width, height),
        "white": _flat(1.0, width, height),
        "noise": _noise(width, height),
        "extremes": _extremes(width, height),
    }
    area = Area(0, 0, width, height)
    return {name: Thumbnail(values.astype(np.float32), area) for name, values in pictures.items()}


def golden_answers(engine: Engine) -> dict[str, list[float]]:
    """What a trusted engine answers, in the form of ``EngineCard.golden``.

    Raises:
        EngineRunError: the engine does not answer.
    """
    card = engine.card
    thumbnails = golden_thumbnails(card.thumbnail_width, card.thumbnail_height)
    return {name: golden_answer(_ask(engine, thumbnail)) for name, thumbnail in thumbnails.items()}


def golden_answer(maps: HazeMaps) -> list[float]:
    """Density, then gain_luma, offset_y, gain_chroma, offset_cb, offset_cr at the lattice, row by row."""
    rows, columns = _lattice(maps.grid)
    cells = maps.values[:, rows][:, :, columns]
    return [round(float(value), 6) for value in (maps.density, *cells.ravel())]


def check(engine: Engine) -> None:
    """Ask an engine all golden thumbnails, in milliseconds; an engine without golden answers must only be sound.

    Raises:
        EngineMismatchError: an answer is missing, cannot be applied, or is not the golden one.
    """
    card = engine.card
    for name, thumbnail in golden_thumbnails(card.thumbnail_width, card.thumbnail_height).items():
        reason = _complaint(engine, name, thumbnail)
        if reason is not None:
            raise EngineMismatchError(
                f"The {card.backend} engine {card.name!r} failed its self-test on the golden thumbnail {name!r}: "
                f"{reason}. Build the engine again, or choose another one with --engine."
            )
    engine.reset()


def compare(values: Array, reference: Array, samples: Array) -> Agreement:
    """Compare map values of shape (5, ...) by what they make of Y'CbCr ``samples`` of shape (3, ...)."""
    difference = np.abs(_codes(values, samples) - _codes(reference, samples))
    return Agreement(
        maps_difference=float(np.abs(values - reference).max()),
        largest_codes=int(difference.max()),
        share_beyond_one_code=float((difference > 1).mean()),
    )


def _ask(engine: Engine, thumbnail: Thumbnail) -> HazeMaps:
    engine.reset()
    return engine.estimate(thumbnail)


def _complaint(engine: Engine, name: str, thumbnail: Thumbnail) -> str | None:
    card = engine.card
    try:
        maps = _ask(engine, thumbnail)
    except Exception as error:  # whatever an engine raises, it has failed
        return str(error) or type(error).__name__
    fault = maps.fault()
    if fault is not None:
        return fault
    if maps.grid != (card.grid_height, card.grid_width):
        return f"its grid is {maps.grid}, its card says {(card.grid_height, card.grid_width)}"
    if not card.golden:
        return None
    return _disagreement(golden_answer(maps), card.golden.get(name, []), thumbnail, maps.grid)


def _disagreement(answer: list[float], golden: list[float], thumbnail: Thumbnail, grid: tuple[int, int]) -> str | None:
    if len(answer) != len(golden):
        return f"its card holds {len(golden)} golden values where {len(answer)} are expected"
    if not abs(answer[0] - golden[0]) <= MAPS_TOLERANCE:
        return f"the density is {answer[0]:.3f} instead of {golden[0]:.3f}"
    values, reference = (np.array(cells[1:], np.float32).reshape(5, *LATTICE) for cells in (answer, golden))
    agreement = compare(values, reference, _samples_at_lattice(thumbnail.values, grid))
    if not agreement.maps_difference <= MAPS_TOLERANCE:
        return f"a map value is off by {agreement.maps_difference:.3g}, allowed is {MAPS_TOLERANCE}"
    if agreement.largest_codes > CODES_TOLERANCE:
        return f"a corrected sample is off by {agreement.largest_codes} code values, allowed is {CODES_TOLERANCE}"
    return None


def _lattice(grid: tuple[int, int]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    rows, columns = (
        np.linspace(0, cells - 1, count).round().astype(np.intp) for cells, count in zip(grid, LATTICE, strict=True)
    )
    return rows, columns


def _samples_at_lattice(picture: Array, grid: tuple[int, int]) -> Array:
    rows, columns = (
        (cells * (pixels - 1) / (count - 1)).round().astype(np.intp)
        for cells, pixels, count in zip(_lattice(grid), picture.shape[1:], grid, strict=True)
    )
    return picture[:, rows][:, :, columns]


def _codes(values: Array, samples: Array) -> Array:
    corrected = np.stack(
        [
            values[GAIN_LUMA] * samples[0] + values[OFFSET_Y],
            values[GAIN_CHROMA] * samples[1] + values[OFFSET_CB] + 0.5,
            values[GAIN_CHROMA] * samples[2] + values[OFFSET_CR] + 0.5,
        ]
    )
    return np.clip(np.rint(corrected * 255.0), 0.0, 255.0)


def _clear_scene(width: int, height: int) -> Array:
    """Tissue-like folds and vessels, a highlight, and a metal shaft, lit from the centre of a round picture."""
    x, y = np.meshgrid(np.linspace(-4 / 3, 4 / 3, width), np.linspace(-1, 1, height))
    radius = np.hypot(x, y)
    folds = np.sin(5 * x + 2 * np.sin(3 * y)) * np.cos(4 * y - 1.5 * x)
    vessels = np.exp(-((np.sin(7 * x - 5 * y + np.sin(6 * y)) / 0.15) ** 2))
    light = 1.1 - 0.55 * radius
    luma = light * (0.42 + 0.1 * folds - 0.12 * vessels) + 0.6 * np.exp(-((x - 0.3) ** 2 + (y + 0.2) ** 2) / 0.004)
    shaft = np.abs(y - 0.6 * x - 0.5) < 0.12
    luma = np.where(shaft, 0.55 * light, luma)
    redness = np.where(shaft, 0.0, 0.16 + 0.04 * vessels + 0.02 * folds) * light
    scene: Array = np.stack([luma.clip(0.02, 1.0), -0.45 * redness, redness])
    return np.where(radius < 1.15, scene, np.float32(0.0))


def _in_smoke(clear: Array) -> Array:
    """Scattering model I = J t + A (1 - t) with two plumes that leave t between 0.35 and 0.95."""
    _, height, width = clear.shape
    x, y = np.meshgrid(np.linspace(-4 / 3, 4 / 3, width), np.linspace(-1, 1, height))
    plumes = np.exp(-((x + 0.4) ** 2 + (y - 0.2) ** 2) / 0.5) + 0.5 * np.exp(-((x - 0.8) ** 2 + y**2) / 0.2)
    transmission = 1.0 - 0.05 - 0.6 * plumes.clip(0.0, 1.0)
    airlight = np.array([0.82, 0.01, -0.01]).reshape(3, 1, 1) * (clear[0] > 0)
    smoky: Array = clear * transmission + airlight * (1.0 - transmission)
    return smoky


def _flat(luma: float, width: int, height: int) -> Array:
    picture = np.zeros((3, height, width), np.float32)
    picture[0] = luma
    return picture


def _noise(width: int, height: int) -> Array:
    """Uniform noise; the raw stream of a bit generator is the one thing NumPy promises never to change."""
    raw = np.asarray(np.random.PCG64(1).random_raw(3 * height * width), np.uint64)
    uniform = ((raw >> 40) / 2**24).astype(np.float32)
    return uniform.reshape(3, height, width) - np.array([0.0, 0.5, 0.5], np.float32).reshape(3, 1, 1)


def _extremes(width: int, height: int) -> Array:
    """Blocks at the ends of limited range's excursions: codes 1 and 254 in every combination of the three planes."""
    rows, columns = np.mgrid[:height, :width]
    block = (columns * 8 // width) + 3 * (rows * 6 // height)
    bits = np.stack([block & 1, block >> 1 & 1, block >> 2 & 1])
    lowest = np.array([(1 - 16) / 219, (1 - 128) / 224, (1 - 128) / 224]).reshape(3, 1, 1)
    highest = np.array([(254 - 16) / 219, (254 - 128) / 224, (254 - 128) / 224]).reshape(3, 1, 1)
    return np.where(bits, highest, lowest)
