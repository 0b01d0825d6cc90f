"""Moments of a clip that show one scene through thick and through thin smoke: the clearer view is the witness."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.clip_pairs import ClipPairs, FramePair, draw_pairs, grid_of, read_on_canvas, way_to

Picture = NDArray[np.uint8]
EVERY_SECONDS = 0.2
FARTHEST_SECONDS = 4.0
LEAST_GAIN = 10.0
"""Difference of the mean dark channel, in code values, between the hazier and the clearer view."""
MISMATCH = 1.5
"""Pixels by which the flow there and back may disagree; more is an occlusion, or smoke that moved."""
LEAST_LIKENESS = 0.45
"""Correlation of the two views around a pixel, below which they do not show the same thing."""
WINDOW = 17
LEAST_SHARE = 0.15
"""Share of the canvas that must be aligned for a pair to be kept."""


class ClipMomentPool:
    """Pairs (hazier, clearer) of clips, aligned, at most ``limit`` from each clip."""

    def __init__(self, paths: Sequence[Path], *, seed: int, limit: int = 40) -> None:
        self._seed = seed
        self.restart()
        self.pairs = [pair for path in paths for pair in _spread(list(find_moments(path)), limit)]

    def __len__(self) -> int:
        return len(self.pairs)

    def restart(self, step: int = 0) -> None:
        """Draw what is drawn at a step."""
        self._rng = np.random.default_rng([self._seed, 0x3A6E, step])

    def draw(self, count: int) -> ClipPairs:
        """Random pairs in random poses: ``first`` is the hazier view, ``second`` the clearer one."""
        return draw_pairs(self.pairs, self._rng, count)


def find_moments(path: Path) -> Iterator[FramePair]:
    """All aligned pairs of a clip: optical flow on the contrast of both views, checked there and back."""
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    every = max(1, round(_rate_of(path) * EVERY_SECONDS))
    frames = [frame for number, frame in enumerate(read_on_canvas(path)) if number % every == 0]
    hazes, cuts = [_haze_of(frame) for frame in frames], _cuts(frames)
    reach = round(FARTHEST_SECONDS / EVERY_SECONDS)
    for place, (frame, haze) in enumerate(zip(frames, hazes, strict=True)):
        near = [n for n in range(max(0, place - reach), min(len(frames), place + reach + 1)) if cuts[n] == cuts[place]]
        clearest = min(near, key=hazes.__getitem__)
        if haze - hazes[clearest] < LEAST_GAIN:
            continue
        way, valid = _align(flow, frame, frames[clearest])
        if valid.mean() > LEAST_SHARE:
            yield frame, frames[clearest], way, valid


def _align(flow: cv2.DISOpticalFlow, first: Picture, second: Picture) -> tuple[NDArray[np.float16], NDArray[np.uint8]]:
    """The way from first to second, and where it can be believed."""
    grey = [_contrast_of(picture) for picture in (first, second)]
    forth = flow.calc(grey[0], grey[1], None)  # type: ignore[call-overload]
    back = flow.calc(grey[1], grey[0], None)  # type: ignore[call-overload]
    places = grid_of(forth) + forth
    mismatch = np.linalg.norm(forth + _fetch(back, places), axis=-1)
    likeness = _likeness(grey[0], _fetch(grey[1], places))
    seen = cv2.cvtColor(first, cv2.COLOR_RGB2GRAY) > 16
    valid = (mismatch < MISMATCH) & (likeness > LEAST_LIKENESS) & seen
    return way_to(places), valid.astype(np.uint8)


def _contrast_of(picture: Picture) -> Picture:
    """Grey, with contrast evened out: smoke must not hide what the flow goes by."""
    even = cv2.createCLAHE(clipLimit=4.0, tileGridSize=(6, 8))
    return np.asarray(even.apply(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)), np.uint8)


def _fetch(field: NDArray[Any], places: NDArray[np.float32]) -> NDArray[Any]:
    """A field at places between its pixels."""
    return cv2.remap(field, places, None, cv2.INTER_LINEAR)  # type: ignore[call-overload,no-any-return]


def _likeness(a: Picture, b: Picture) -> NDArray[np.float32]:
    """Correlation of two grey pictures in a window around each pixel."""
    x, y = a.astype(np.float32), b.astype(np.float32)
    mean_x, mean_y = _mean(x), _mean(y)
    covariance = _mean(x * y) - mean_x * mean_y
    spread = (_mean(x * x) - mean_x**2) * (_mean(y * y) - mean_y**2)
    return np.asarray(covariance / np.sqrt(np.maximum(spread, 1.0)), np.float32)


def _mean(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.blur(values, (WINDOW, WINDOW)), np.float32)


def _haze_of(frame: Picture) -> float:
    """Mean dark channel of the scene, code values; 255 where there is none, so that black is nobody's witness."""
    darkest, scene = cv2.erode(frame.min(axis=2), np.ones((7, 7), np.uint8)), frame.max(axis=2) > 16
    return float(darkest[scene].mean()) if scene.any() else 255.0


def _cuts(frames: Sequence[Picture]) -> list[int]:
    """The number of the shot that each frame belongs to."""
    small = [cv2.resize(frame, (32, 24), interpolation=cv2.INTER_AREA).astype(np.float32) for frame in frames]
    shots = [0]
    for before, after in pairwise(small):
        with np.errstate(invalid="ignore"):  # a black frame is like none, not even like another
            likeness = float(np.corrcoef(before.ravel(), after.ravel())[0, 1])
        shots.append(shots[-1] + (not likeness >= 0.6))
    return shots


def _rate_of(path: Path) -> float:
    video = cv2.VideoCapture(str(path))
    try:
        return float(video.get(cv2.CAP_PROP_FPS)) or 25.0
    finally:
        video.release()


def _spread(pairs: list[FramePair], limit: int) -> list[FramePair]:
    places = np.linspace(0, len(pairs) - 1, min(limit, len(pairs))).round().astype(int)
    return [pairs[place] for place in places]
