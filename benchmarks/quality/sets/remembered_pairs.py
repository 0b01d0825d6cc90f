"""Real smoky pictures with a clear one of the same scene: each alone, and after the scene's other clear pictures."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.pictures import Picture, Rgb, frame_of, rgb_of
from benchmarks.quality.sets.picture_sets import PictureSet, Shot, spread
from eid_stream.core.errors import ConfigError
from eid_stream.core.frame import Colour

RATE = 12
"""Pictures a second."""
SHOWN_SECONDS, CROSS_FADE_SECONDS = 1.0, 0.4
SMOKE_COMES_SECONDS, SMOKE_STAYS_SECONDS = 1.0, 1.0
COLOUR = Colour(matrix=1)
"""As video has it, BT.709; not the JPEG's of stills."""


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A smoky picture, the same view without smoke, and what scene it shows."""

    smoky: Rgb
    clear: Rgb
    scene: str


def read_pairs(folder: Path) -> list[Pair]:
    """All pairs that ``pairs.csv`` lists; none where it is missing."""
    if not (folder / "pairs.csv").exists():
        return []
    with (folder / "pairs.csv").open(encoding="utf-8", newline="") as lines:
        return [
            Pair(_read(folder / line["smoky"]), _read(folder / line["clear"]), line["scene"])
            for line in csv.DictReader(lines)
        ]


def pair_sets(data: Path, limit: int | None = None) -> list[PictureSet]:
    """``pairs``: each smoky picture alone; ``pairs_remembered``: as a viewer of the scene would have met it."""
    pairs = read_pairs(data / "pairs")
    chosen = spread(list(range(len(pairs))), limit)

    def alone() -> Iterator[Shot]:
        for number in chosen:
            yield _shot(pairs[number].smoky, pairs[number])

    def remembered() -> Iterator[Shot]:
        for number in chosen:
            yield from remembered_shots(pairs[number], clear_past(pairs, number))

    measures = frozenset({"truth", "touched"})
    alone_set = PictureSet("pairs", measures, alone)
    return [alone_set, PictureSet("pairs_remembered", measures, remembered)] if pairs else []


def clear_past(pairs: list[Pair], number: int) -> list[Rgb]:
    """Clear pictures of the other pairs of its scene: the pair's own truth is never shown before it is asked for."""
    own = pairs[number]
    others = [pair.clear for index, pair in enumerate(pairs) if index != number and pair.scene == own.scene]
    return [clear for clear in others if clear.shape == own.smoky.shape]


def remembered_shots(pair: Pair, past: list[Rgb]) -> Iterator[Shot]:
    """The past, a second each and cross-faded; then the smoke comes and stays. The last shot alone is scored."""
    pictures = [shown.astype(np.float32) for shown in past]
    steps = round(SHOWN_SECONDS * RATE)
    film = [_mixed(pictures, step / steps) for step in range(steps * len(pictures))]
    smoky = pair.smoky.astype(np.float32)
    comes = round(SMOKE_COMES_SECONDS * RATE)
    before = film[-1] if film else smoky
    film += [before + (smoky - before) * np.float32((step + 1) / comes) for step in range(comes)]
    film += [smoky] * round(SMOKE_STAYS_SECONDS * RATE)
    for index, rgb in enumerate(film):
        codes = np.rint(rgb).astype(np.uint8)
        yield _shot(codes, pair, index=index, scored=index == len(film) - 1)


def _mixed(pictures: list[NDArray[np.float32]], seconds: float) -> NDArray[np.float32]:
    """One picture after the other; towards the end of its second each fades over to the next."""
    number = int(seconds)
    fading = max(0.0, (seconds - number - 1.0 + CROSS_FADE_SECONDS) / CROSS_FADE_SECONDS)
    following = pictures[min(number + 1, len(pictures) - 1)]
    return pictures[number] + np.float32(fading) * (following - pictures[number])


def _shot(rgb: Rgb, pair: Pair, *, index: int = 0, scored: bool = True) -> Shot:
    frame = frame_of(rgb, colour=COLOUR, index=index, rate=RATE)
    truth = rgb_of(frame_of(pair.clear, colour=COLOUR))
    return Shot(Picture.of(frame), pair.scene, truth, follows=index > 0, scored=scored, shown=scored)


def _read(path: Path) -> Rgb:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise ConfigError(f"Cannot read the picture {path}, which pairs.csv names. Copy the data again.")
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
