"""The maps of a file's frames: some frames are looked at, those between get theirs from both sides."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from eid_stream.core.frame import Frame
from eid_stream.core.saved_state import saved
from eid_stream.dehazing.estimate_worker import Estimate, EstimateWorker, Look
from eid_stream.dehazing.frame_correction import as_captured
from eid_stream.dehazing.scene_cut import Continuity
from eid_stream.dehazing.sections import ESTIMATE, LOOK_AHEAD, Sections

LOOK_SECONDS = 1 / 9
"""Time between two looks: every third frame of 25 or 30 a second. More looks cost more and gain nothing, for maps are
smoothed over three times as long: docs/log/2026-11-29-performance-until-today.md has the figures."""
MOST_WAITING = 4
"""Frames from one look to the next: they are all held back."""
_LEAST_CHANGE = 1e-5
"""Maps go from one look to the next as the picture does, luma in [0, 1]: where a frame is repeated, they rest, too."""
_PATIENCE_SECONDS = 0.5


class LookAhead:
    """Frames in, the same frames in the same order out, with ``maps`` to be applied, or the reason why not.

    A file sees ahead, so that the maps between two looks are known from both sides and nothing lags behind. Across a
    scene cut nothing is mixed: the last frames before it keep the maps of their own scene.
    """

    def __init__(
        self, worker: EstimateWorker, sections: Sections | None = None, go_on_as: tuple[Any, ...] | None = None
    ) -> None:
        """Look through ``worker``; it is closed by whoever made it.

        With ``sections``, the first frame of each one takes along what is known here before it; ``go_on_as`` is that
        of an earlier run.
        """
        self._worker = worker
        self._sections = sections
        self._continuity = Continuity()
        self._scene = self._cuts = 0
        self._before: _Looked | None = None
        if go_on_as is not None:
            self._continuity, self._scene, self._cuts, self._before = go_on_as

    def frames(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Prepare all frames of a file; those of one look's time at most are held back."""
        waiting: list[_Step] = []
        for captured in frames:
            frame = self._marked(captured, waiting)
            if self._continuity.broken_by(frame):
                yield from self._prepared(waiting, None)
                self._before = None
                self._scene += 1
                self._cuts += self._continuity.cut
            way = (waiting[-1].way if waiting else 0.0) + self._continuity.difference + _LEAST_CHANGE
            waiting.append(_Step(frame, way))
            if self._is_due(waiting):
                looked = _Looked(self._look_at(frame), way)
                del captured, frame
                yield from self._prepared(waiting, looked)
                self._before = looked
        yield from self._prepared(waiting, None)

    def _marked(self, frame: Frame, waiting: "list[_Step]") -> Frame:
        """A section begins where no frame waits for its maps, so that all there is to know is known."""
        if self._sections is None or waiting or not self._sections.is_due(frame):
            return frame
        known = self._continuity, self._scene, self._cuts, self._before
        return self._sections.begun(frame, {LOOK_AHEAD: saved(known), ESTIMATE: saved(self._worker.saved())})

    def _is_due(self, waiting: list["_Step"]) -> bool:
        if self._before is None:
            return True
        frame = waiting[-1].frame
        elapsed = frame.seconds - self._before.estimate.seconds
        rounded = float(elapsed + frame.duration * frame.time_base / 2)
        return rounded >= LOOK_SECONDS or len(waiting) >= MOST_WAITING

    def _look_at(self, frame: Frame) -> Estimate:
        look = Look(frame, self._scene, self._cuts)
        self._worker.ask(look)
        while (estimate := self._worker.answer_to(frame, _PATIENCE_SECONDS)) is None:
            if self._worker.refused:
                return Estimate.of(look, None, self._worker.refused, 0.0)
            self._worker.watch()
        return estimate

    def _prepared(self, waiting: list["_Step"], after: "_Looked | None") -> Iterator[Frame]:
        """Gives out what waits, and holds on to none of it."""
        while waiting:
            yield _with_maps(waiting.pop(0), self._before, after)


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """A frame on its way, and how much the picture has changed since the look before."""

    frame: Frame
    way: float


@dataclass(frozen=True, slots=True, eq=False)
class _Looked:
    """A look, and how much the picture had changed since the one before it."""

    estimate: Estimate
    way: float


def _with_maps(step: _Step, before: _Looked | None, after: _Looked | None) -> Frame:
    """A look that failed costs the frame it was made at; its neighbours have the maps of their other side."""
    frame = step.frame
    if after is not None and after.estimate.index == frame.index and after.estimate.maps is None:
        return as_captured(frame, after.estimate.fault)
    first, last = (None if looked is None else looked.estimate.maps for looked in (before, after))
    if first is None or last is None or first.grid != last.grid:
        known = last if first is None else first
        faults = [looked.estimate.fault for looked in (before, after) if looked is not None]
        return as_captured(frame, faults[0]) if known is None else replace(frame, maps=known)
    assert after is not None
    return replace(frame, maps=first.towards(last, step.way / after.way))
