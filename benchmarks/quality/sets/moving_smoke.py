"""Rendered smoke that comes and goes over moving clear clips: a truth for every frame of a video."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.pictures import Picture, frame_of, rgb_of
from benchmarks.quality.sets.clips import read_clip
from benchmarks.quality.sets.picture_sets import PictureSet, Shot
from eid_stream.core.frame import Colour
from eid_stream.smoke import Smoke

WIDTH = 426
"""Pixels that larger clips are shrunk to: engines see a thumbnail, and time is better spent on more frames."""
COMES, GOES = (0.32, 0.72)
"""When smoke comes and goes, as shares of the clip."""
COMES_SECONDS, GOES_SECONDS = 1.2, 1.5
FOREIGN_SECONDS, DISSOLVE_SECONDS = 3.0, 0.5
"""How long the other scene of ``moving_foreign`` is seen clear before this one fades in, smoky from the start."""
COLOUR = Colour(matrix=1)
Field = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class MovingClip:
    """A clear clip: files that join, which frames of it, and how many a second."""

    name: str
    files: tuple[str, ...]
    frames: int
    stride: int
    rate: int


CHOOSING = (
    MovingClip("web_a", ("web_a_clear_320p30.mp4",), 500, 1, 30),
    MovingClip("clear_1080", ("clear_1080p25.mp4",), 250, 1, 25),
    MovingClip("cholec_284", ("cholec80_video01/segment_284.mp4", "cholec80_video01/segment_285.mp4"), 250, 1, 25),
    MovingClip("wisps", ("wisps_1080p25.mp4",), 190, 1, 25),
)
"""The memory's constants were chosen on these, with other takes of smoke."""
REPORTED = (
    MovingClip("clear_720", ("clear_720p25.mp4",), 250, 1, 25),
    MovingClip("web_c", ("web_c_clear_320p60.mp4",), 233, 2, 30),
    MovingClip("bright", ("bright_clear_720p30.mp4",), 735, 2, 15),
    MovingClip("fluid", ("pair_clear_480p5.mp4",), 145, 1, 5),
)
"""Other cameras, on which nothing was chosen."""
TAKES = ((1, "robotic"), (2, "grey"))
"""Seed and camera system of the smoke of each clip."""
DENSITY = 0.35
"""Mean of 1 - t over the picture once the smoke is there."""


def moving_sets(data: Path, limit: int | None = None) -> list[PictureSet]:
    """Smoke over the reported clips and over those for choosing; without a past, and after another scene's."""
    takes = TAKES if limit is None else TAKES[:1]
    thin = 1 if limit is None else 2

    def make(name: str, clips: Sequence[MovingClip], past: str) -> PictureSet:
        shots = partial(_all_shots, data / "clips", clips, takes, past, thin)
        own = frozenset({"moving", "jumps"}) if past == "own" else frozenset({"moving"})
        return PictureSet(name, own, shots, score_every=3)

    return [
        make("moving", REPORTED, "own"),
        make("moving_choosing", CHOOSING, "own"),
        make("moving_alone", REPORTED, "none"),
        make("moving_foreign", REPORTED, "foreign"),
    ]


def amount_at(seconds: float, length_seconds: float) -> float:
    """How much of the smoke is there, in [0, 1]: none, coming, all of it, going, none."""
    come = _smooth_step((seconds - COMES * length_seconds) / COMES_SECONDS)
    gone = _smooth_step((seconds - GOES * length_seconds) / GOES_SECONDS)
    return come * (1.0 - gone)


def _smooth_step(x: float) -> float:
    x = min(max(x, 0.0), 1.0)
    return x * x * (3.0 - 2.0 * x)


def _all_shots(
    folder: Path, clips: Sequence[MovingClip], takes: Sequence[tuple[int, str]], past: str, thin: int
) -> Iterator[Shot]:
    for number, clip in enumerate(clips):
        for seed, camera in takes:
            before = _foreign_past(folder, clips[number - 1], clip, thin) if past == "foreign" else []
            yield from _shots(folder, clip, seed, camera, thin, past, before)


def _shots(
    folder: Path, clip: MovingClip, seed: int, camera: str, thin: int, past: str, before: Sequence[Field]
) -> Iterator[Shot]:
    step, length = thin / clip.rate, clip.frames / clip.stride / clip.rate
    smoke, source = None, f"{clip.name} {camera}"
    shift = 0
    for index, clear in enumerate(_pictures(folder, clip, thin)):
        seconds = index * step
        amount = amount_at(seconds, length)
        if past != "own" and amount < 1.0:
            if shift:
                break
            continue
        if smoke is None:
            height, width = clear.shape[:2]
            smoke = Smoke(seed=seed, width=width, height=height, density=DENSITY, camera=camera)
        hazy = smoke.render(clear, seconds, amount=amount).hazy if amount > 0.0 else clear
        if past != "own" and not shift:
            for shown in _dissolved(before, hazy, clip.rate // thin):
                yield _shot(shown, clear, source, shift, clip.rate // thin, "")
                shift += 1
        phase = "smoke" if amount > 0.95 else "clear" if amount == 0.0 else ""
        middle = index == round(0.6 * length / step)
        yield _shot(hazy, clear, source, shift, clip.rate // thin, phase, shown=middle)
        shift += 1


def _shot(hazy: Field, clear: Field, source: str, index: int, rate: int, phase: str, *, shown: bool = False) -> Shot:
    frame = frame_of(hazy, colour=COLOUR, index=index, rate=max(1, rate))
    truth = rgb_of(frame_of(clear, colour=COLOUR))
    return Shot(Picture.of(frame), source, truth, follows=index > 0, scored=bool(phase), shown=shown, phase=phase)


def _foreign_past(folder: Path, other: MovingClip, clip: MovingClip, thin: int) -> list[Field]:
    """Clear views of another scene, as many a second as the clip has."""
    pictures = islice(_pictures(folder, other, thin), round(FOREIGN_SECONDS * other.rate / thin))
    every = max(1, round(other.rate / clip.rate))
    return list(pictures)[::every]


def _dissolved(before: Sequence[Field], first: Field, rate: int) -> Iterator[Field]:
    """The other scene at this one's size, fading over to it at its end: no cut tells them apart."""
    height, width = first.shape[:2]
    fading = max(1, round(DISSOLVE_SECONDS * rate))
    for index, picture in enumerate(before):
        share = max(0.0, (index + 1 - len(before) + fading) / (fading + 1))
        same_size = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
        yield np.asarray(same_size + np.float32(share) * (first - same_size), np.float32)


def _pictures(folder: Path, clip: MovingClip, thin: int) -> Iterator[Field]:
    frames = read_clip(*(folder / name for name in clip.files))
    for frame in islice(frames, 0, clip.frames, clip.stride * thin):
        rgb = rgb_of(frame)
        height, width = rgb.shape[:2]
        if width > WIDTH:
            width, height = WIDTH, round(height * WIDTH / width)
            rgb = np.asarray(cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
        yield rgb[: height & ~1, : width & ~1].astype(np.float32) / np.float32(255.0)
