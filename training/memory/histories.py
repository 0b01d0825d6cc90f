"""Views of real operations, each after a clear past of its own scene: what the signs of smoke are learned from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from eid_stream.dehazing.memory.remembered_scene import RememberedScene
from eid_stream.dehazing.memory.scene_statistics import average
from eid_stream.dehazing.memory.smoke_fit import USUAL_AIRLIGHT, fit_smoke
from eid_stream.dehazing.memory.smoke_signs import signs
from training.data.clip_pairs import read_on_canvas
from training.data.frames import FrameRecord
from training.data.picture_cache import load_pictures, make_picture
from training.data.views import View, plain_view
from training.memory.observed_views import ObservedView, Observer

Array = NDArray[np.float32]
CLEAR_CLIPS = (
    "web_a_clear_320p30.mp4",
    "clear_1080p25.mp4",
    *(f"cholec80_video01/segment_{number}.mp4" for number in (284, 285, 286, 287, 291, 292, 293)),
)
"""Without smoke throughout. Clips that benchmarks report moving smoke on are not among them."""
STEP_SECONDS = 0.2
LATEST_SECONDS = 12.0
STILL_SECONDS = 1.0
"""A frame of a list stands for so long."""
MOST_FRAMES = 63
"""Clear frames of one video, in runs of neighbours; and at most ``MOST_HAZY`` with real smoke."""
RUN = 9
MOST_HAZY = 40
MOST_PAST = 7
A_MOMENT_AGO = 0.35
"""Share of frames that are also shown after themselves: the camera stands still, as it does while one cuts."""
EXPOSURE = 0.06
"""Deviation of the logarithm of what exposure does between past and present, half of the time."""


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """Signs of smoke in a view, and the smoke."""

    source: str
    signs: Array
    """(signs, ROWS, COLUMNS)."""
    content: Array
    opacity: Array
    likeness: float
    """Of the clear view that was recalled."""


@dataclass(frozen=True, slots=True, eq=False)
class _Shown:
    clear: ObservedView
    smoky: tuple[ObservedView, ...]


def of_frames(records: Sequence[FrameRecord], observer: Observer, seed: int) -> Iterator[Moment]:
    """Moments of all videos of a list of which three clear frames or more are known."""
    rng = np.random.default_rng([seed, 0x415])
    ordered = sorted(records, key=lambda r: (r.source, r.video, r.path))
    for (source, _), group in groupby(ordered, key=lambda r: (r.source, r.video)):
        video = list(group)
        clear = _runs([r for r in video if r.kind == "clear"], rng)
        if len(clear) >= 3:
            hazy = [r for r in video if r.kind == "hazy"]
            yield from _of_video(source, clear, _spread(hazy, MOST_HAZY), observer, rng)


def of_clip(path: Path, observer: Observer, seed: int) -> Iterator[Moment]:
    """Moments of a clear clip, each after all that came before it."""
    rng = np.random.default_rng([seed, 0xC11B])
    past = RememberedScene()
    for view in _views_of(path):
        shown = _shown(view, observer, 3)
        if past.seconds > 0.9:
            for now in (shown.clear, *shown.smoky):
                yield _moment("clip", now, past, rng)
        _remember(past, shown.clear, STEP_SECONDS)


def _of_video(
    source: str, clear: Sequence[FrameRecord], hazy: Sequence[FrameRecord], observer: Observer, rng: np.random.Generator
) -> Iterator[Moment]:
    shown = [_shown(plain_view(picture), observer, 2) for picture in load_pictures(clear)]
    for number, frame in enumerate(shown):
        others = _nearest([n for n in range(len(shown)) if n != number], number, int(rng.integers(1, MOST_PAST + 1)))
        past = _past([shown[n].clear for n in others])
        for now in (frame.clear, *frame.smoky):
            yield _moment(source, now, past, rng)
        if rng.random() < A_MOMENT_AGO:
            past = _past([*(shown[n].clear for n in others[:-1]), frame.clear])
            for now in (frame.clear, frame.smoky[0]):
                yield _moment(source, now, past, rng)
    paths = [record.path.name for record in clear]
    for record, picture in zip(hazy, load_pictures(hazy), strict=True):
        place = int(np.searchsorted(paths, record.path.name))
        others = _nearest(list(range(len(shown))), place, int(rng.integers(2, MOST_PAST + 1)))
        now = observer.real_smoke(plain_view(picture))
        yield _moment(source, now, _past([shown[n].clear for n in others]), rng)


def _shown(view: View, observer: Observer, times: int) -> _Shown:
    return _Shown(observer.clear(view), tuple(observer.smoky(view) for _ in range(times)))


def _moment(source: str, now: ObservedView, past: RememberedScene, rng: np.random.Generator) -> Moment:
    if rng.random() < 0.5:
        now = now.exposed(float(np.exp(rng.normal(0.0, EXPOSURE))))
    view = now.statistics
    expected = past.expectation(view)
    fit = fit_smoke(view, expected, fit_smoke(view, expected, USUAL_AIRLIGHT).airlight)
    found = signs(view, expected, fit, now.seen)
    return Moment(source, found, view.content, now.opacity, expected.likeness)


def _past(views: Sequence[ObservedView]) -> RememberedScene:
    scene = RememberedScene()
    for view in views:
        for _ in range(round(STILL_SECONDS / STEP_SECONDS)):
            _remember(scene, view, STEP_SECONDS)
    return scene


def _remember(scene: RememberedScene, view: ObservedView, seconds: float) -> None:
    statistics, opacity = view.statistics, 0.0
    if scene.seconds > 1.0:
        fit = fit_smoke(statistics, scene.expectation(statistics), USUAL_AIRLIGHT)
        opacity = average(fit.opacity, statistics.content)
    seen = average(view.seen, statistics.content)
    scene.add(statistics, opacity, seen, seconds=seconds, time_constant_seconds=LATEST_SECONDS)


def _nearest(numbers: list[int], place: int, count: int) -> list[int]:
    """The nearest last."""
    return sorted(numbers, key=lambda number: abs(number - place))[:count][::-1]


def _runs(records: list[FrameRecord], rng: np.random.Generator) -> list[FrameRecord]:
    if len(records) <= MOST_FRAMES:
        return records
    starts = rng.choice(len(records) - RUN, MOST_FRAMES // RUN, replace=False)
    return [records[n] for n in np.unique([start + step for start in starts for step in range(RUN)])]


def _spread(records: list[FrameRecord], most: int) -> list[FrameRecord]:
    if not records:
        return []
    return [records[n] for n in np.unique(np.linspace(0, len(records) - 1, min(len(records), most)).astype(int))]


def _views_of(path: Path) -> Iterator[View]:
    video = cv2.VideoCapture(str(path))
    every = max(1, round(video.get(cv2.CAP_PROP_FPS) * STEP_SECONDS))
    video.release()
    for number, frame in enumerate(read_on_canvas(path)):
        if number % every == 0:
            yield plain_view(make_picture(frame.astype(np.float32) / np.float32(255.0)))
