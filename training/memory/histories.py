"""Views of real operations, each after a clear past of its own scene or of another one."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby, islice
from pathlib import Path

import cv2
import numpy as np

from eid_stream.dehazing.memory.remembered_scene import RememberedScene
from eid_stream.dehazing.memory.scene_statistics import average
from eid_stream.dehazing.memory.smoke_fit import USUAL_AIRLIGHT, fit_smoke
from training.data.camera import Camera
from training.data.clip_pairs import read_on_canvas
from training.data.frames import FrameRecord
from training.data.picture_cache import Picture, load_pictures, make_picture
from training.data.views import Pose, View, draw_palette, draw_pose, plain_view
from training.data.views import view as posed_view
from training.memory.lessons import Lesson, lesson
from training.memory.observed_views import PLAIN_CAMERA, ObservedView, Observer

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
"""Clear frames of one video, in runs of neighbours."""
RUN = 9
MOST_PAST = 7
SMOKY = 3
"""How often a view is shown through smoke."""
MOVED = 0.6
"""Share of frames that are also shown after parts of themselves: the camera moves, or hardly does."""
MOVES = (0.004, 0.4)
"""How far it moves from one remembered view to the next, as a share of what it sees."""
SEEN = (0.6, 0.95)
"""Share of a frame's width that such a camera sees."""
RECOLOURED = 0.35
"""Share of videos in colours and tones of no operation, smoke or none: a past tells of smoke in any colours."""
FOREIGN = 0.2
"""Share of views that are also shown after another operation's past."""
AGES = (1, 1, 3, 8, 15, 25)
"""Steps of a clip between its past and a view: smoke stays for seconds, in which nothing clear is seen."""
OTHERS = 30
"""Pasts of other operations that are kept."""


class Histories:
    """Makes lessons."""

    def __init__(self, observer: Observer, seed: int) -> None:
        self._observer = observer
        self._rng = np.random.default_rng([seed, 0x415])
        self._others: list[RememberedScene] = []

    def of_frames(self, records: Sequence[FrameRecord], *, posed: bool) -> Iterator[Lesson]:
        """Lessons of all videos of a list; ``posed``: each one cut, turned and re-coloured as a whole."""
        ordered = sorted((r for r in records if r.kind == "clear"), key=lambda r: (r.source, r.video, r.path))
        for (source, _), video in groupby(ordered, key=lambda r: (r.source, r.video)):
            pictures = load_pictures(_runs(list(video), self._rng))
            camera = self._observer.camera()
            pose = self._pose(pictures[0]) if posed else None
            views = [self._observer.observed(_shown(p, pictures[0], pose), camera, SMOKY) for p in pictures]
            yield from self._of_video(source, views)
            for picture in pictures:
                if self._rng.random() < MOVED:
                    yield from self._moved(source, picture, pose, camera)

    def of_clip(self, path: Path, *, posed: bool) -> Iterator[Lesson]:
        """Lessons of a clear clip, after pasts of different ages."""
        past, pasts = RememberedScene(), list[RememberedScene]()
        pictures = _pictures_of(path)
        pose = self._pose(pictures[0]) if posed else None
        for picture in pictures:
            view = _shown(picture, pictures[0], pose)
            observed = self._observer.observed(view, PLAIN_CAMERA, SMOKY)
            if len(pasts) > AGES[-2]:
                for now in observed:
                    age = min(int(self._rng.choice(AGES)), len(pasts) - 4)
                    yield self._after(f"clip {path.stem}", "own", now, pasts[-age])
                yield from self._elsewhere(f"clip {path.stem}", observed)
            _remember(past, observed[0], STEP_SECONDS)
            pasts.append(copy.deepcopy(past))

    def _of_video(self, source: str, views: Sequence[Sequence[ObservedView]]) -> Iterator[Lesson]:
        for number, observed in enumerate(views):
            others = _nearest(len(views), number, int(self._rng.integers(1, MOST_PAST + 1)))
            if len(views) >= 3:
                own = _past([views[n][0] for n in others])
                yield from (self._after(source, "own", now, own) for now in observed)
                self._others = [*self._others[1 - OTHERS :], own] if number == 0 else self._others
            yield from self._elsewhere(source, observed)

    def _pose(self, picture: Picture) -> Pose:
        pose = draw_pose(picture, self._rng)
        return replace(pose, palette=draw_palette(self._rng)) if self._rng.random() < RECOLOURED else pose

    def _moved(self, source: str, picture: Picture, pose: Pose | None, camera: Camera) -> Iterator[Lesson]:
        """A camera that moves over one frame, and then stands before smoke."""
        height, width = picture.rgb.shape[:2]
        plain = pose or Pose((0, 0, width, height))
        boxes = _way(width, height, int(self._rng.integers(2, 6)), self._rng)
        views = [posed_view(picture, replace(plain, box=box)) for box in boxes]
        past = _past([self._observer.observed(view, camera, 0)[0] for view in views[:-1]])
        for now in self._observer.observed(views[-1], camera, SMOKY - 1):
            yield self._after(source, "own", now, past)

    def _elsewhere(self, source: str, observed: Sequence[ObservedView]) -> Iterator[Lesson]:
        for now in observed:
            if self._others and self._rng.random() < FOREIGN:
                yield self._after(source, "foreign", now, self._others[int(self._rng.integers(len(self._others)))])

    def _after(self, source: str, past: str, now: ObservedView, scene: RememberedScene) -> Lesson:
        seen = now.exposed(self._rng)
        return lesson(source, past, seen, scene.expectation(seen.statistics))


def _shown(picture: Picture, first: Picture, pose: Pose | None) -> View:
    """A picture in the pose that was drawn for the first one of its video."""
    if pose is None or picture.rgb.shape != first.rgb.shape:
        return plain_view(picture)
    return posed_view(picture, pose)


def _way(width: int, height: int, steps: int, rng: np.random.Generator) -> list[tuple[int, int, int, int]]:
    """Boxes (left, top, width, height) within a picture, one after the other."""
    share = float(rng.uniform(*SEEN))
    move = float(np.exp(rng.uniform(*np.log(MOVES))))
    place = rng.random(2)
    boxes = []
    for _ in range(steps):
        size = share * np.exp(0.3 * move * rng.normal())
        across, down = (round(min(size, 1.0) * side) for side in (width, height))
        boxes.append((round(place[0] * (width - across)), round(place[1] * (height - down)), across, down))
        step = move * share / max(1.0 - share, 0.05) * rng.normal(size=2)
        place = np.clip(np.abs(place + step), 0.0, 1.0)
    return boxes


def _past(views: Sequence[ObservedView]) -> RememberedScene:
    scene = RememberedScene()
    for view in views:
        _remember(scene, view, STILL_SECONDS / 3, times=3)
    return scene


def _remember(scene: RememberedScene, view: ObservedView, seconds: float, times: int = 1) -> None:
    statistics, opacity = view.statistics, 0.0
    if scene.seconds > 0.0:
        fit = fit_smoke(statistics, scene.expectation(statistics), USUAL_AIRLIGHT)
        opacity = average(fit.opacity, statistics.content)
    seen = average(np.maximum(np.float32(1.0) - np.float32(1.0) / view.engine[0], np.float32(0.0)), statistics.content)
    for _ in range(times):
        scene.add(statistics, opacity, seen, seconds=seconds, time_constant_seconds=LATEST_SECONDS)


def _nearest(count: int, place: int, most: int) -> list[int]:
    """The nearest last."""
    return sorted((n for n in range(count) if n != place), key=lambda n: abs(n - place))[:most][::-1]


def _runs(records: list[FrameRecord], rng: np.random.Generator) -> list[FrameRecord]:
    if len(records) <= MOST_FRAMES:
        return records
    starts = rng.choice(len(records) - RUN, MOST_FRAMES // RUN, replace=False)
    return [records[n] for n in np.unique([start + step for start in starts for step in range(RUN)])]


def _pictures_of(path: Path) -> list[Picture]:
    video = cv2.VideoCapture(str(path))
    every = max(1, round(video.get(cv2.CAP_PROP_FPS) * STEP_SECONDS))
    video.release()
    frames = islice(read_on_canvas(path), 0, None, every)
    return [make_picture(frame.astype(np.float32) / np.float32(255.0)) for frame in frames]
