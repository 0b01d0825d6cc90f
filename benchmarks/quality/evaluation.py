"""Runs every row over one set of pictures and collects what was measured."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.measures.flicker import Changes, MotionOf, record, relative, small_luma
from benchmarks.quality.measures.full_reference import ciede2000, psnr_db, ssim
from benchmarks.quality.measures.jumps import JumpWatch
from benchmarks.quality.measures.no_reference import NoReference
from benchmarks.quality.measures.pyiqa_measures import EVERY, PyiqaMeasures
from benchmarks.quality.methods import Method
from benchmarks.quality.pictures import Rgb, luma_of
from benchmarks.quality.sets.picture_sets import PictureSet, Shot
from eid_stream.core.content_area import content_box, content_mask

Figures = dict[str, float]
UNTOUCHED_DB = 40.0
"""A smoky picture that comes back as near to itself as this came back untouched."""


@dataclass(slots=True)
class Tally:
    """What one row achieved on one set: figures of each scored picture, its source, and changes in time."""

    figures: list[Figures] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    changes: Changes = field(default_factory=Changes)
    jumps: JumpWatch = field(default_factory=JumpWatch)

    def means(self, source: str | None = None) -> Figures:
        """Mean of each figure over the pictures that have it; identity as median and 5th percentile."""
        own = [f for f, s in zip(self.figures, self.sources, strict=True) if source in (None, s)]
        result: Figures = {}
        for name in dict.fromkeys(name for figures in own for name in figures):
            values = np.array([figures[name] for figures in own if name in figures])
            values = values[np.isfinite(values)]
            if name == "identity_psnr_db" and values.size:
                result["identity_median_db"] = float(np.median(values))
                result["identity_p5_db"] = float(np.percentile(values, 5))
            else:
                result[name] = float(values.mean()) if values.size else float("nan")
        if source is None:
            result |= self._over_clips() | self.jumps.figures()
        return result

    def _over_clips(self) -> Figures:
        """Of smoke over moving clips: the mean and the least gain of a clip, whatever their lengths."""
        gains: dict[str, list[float]] = {}
        for figures, source in zip(self.figures, self.sources, strict=True):
            if "gain_db" in figures:
                gains.setdefault(source, []).append(figures["gain_db"])
        means = [sum(own) / len(own) for own in gains.values()]
        return {"gain_db": sum(means) / len(means), "least_gain_db": min(means)} if means else {}


@dataclass(slots=True)
class Outcome:
    """Results of one set: a tally per row, and the lines of its sheet."""

    tallies: dict[str, Tally]
    lines: list[list[Rgb | None]] = field(default_factory=list)

    def table(self, source: str | None = None) -> dict[str, Figures]:
        """Figures of each row, of one source or of all with flicker relative to the first row, the input."""
        rows = {name: tally.means(source) for name, tally in self.tallies.items()}
        given = next(iter(self.tallies.values())).changes
        if source is None:
            rows = {name: rows[name] | relative(tally.changes, given) for name, tally in self.tallies.items()}
        return rows

    def by_source(self) -> dict[str, dict[str, Figures]]:
        """The same table for each source."""
        sources = next(iter(self.tallies.values())).sources
        return {source: self.table(source) for source in sorted(set(sources))}


@dataclass(frozen=True, slots=True)
class Measures:
    """What single pictures are scored with; the parts that need parameters or packages may be missing."""

    blind: NoReference | None
    more: PyiqaMeasures | None

    def score(self, shot: Shot, cleared: Rgb, content: NDArray[np.bool_], wanted: frozenset[str]) -> Figures:
        """Figures of one cleared picture; ``wanted`` as in ``PictureSet.measures``, and ``more`` for pyiqa's."""
        figures: Figures = {}
        if "truth" in wanted and shot.truth is not None:
            left, top, width, height = content_box(luma_of(shot.truth))
            view = np.s_[top : top + height, left : left + width]
            given, truth = np.ascontiguousarray(cleared[view]), np.ascontiguousarray(shot.truth[view])
            figures |= {"psnr_db": psnr_db(given, truth), "ssim": ssim(given, truth)}
            figures["ciede2000"] = ciede2000(given, truth)
            figures |= self.more(given, truth) if self.more is not None and "more" in wanted else {}
        if "witness" in wanted and shot.truth is not None and shot.witnessed is not None:
            error = (cleared.astype(np.float32) - shot.truth)[shot.witnessed]
            figures["witness_psnr_db"] = float(10.0 * np.log10(255.0**2 / max(1e-3, float((error**2).mean()))))
        if "blind" in wanted and self.blind is not None:
            figures |= self.blind(cleared, content)
        if "identity" in wanted or ("moving" in wanted and shot.phase == "clear"):
            figures["identity_psnr_db"] = psnr_db(cleared, shot.picture.rgb)
        if "moving" in wanted and shot.phase == "smoke" and shot.truth is not None:
            figures |= {"psnr_db": psnr_db(cleared, shot.truth), "ssim": ssim(cleared, shot.truth)}
            figures["gain_db"] = figures["psnr_db"] - psnr_db(shot.picture.rgb, shot.truth)
        if "touched" in wanted or ("moving" in wanted and shot.phase == "smoke"):
            figures["untouched_percent"] = 100.0 * (psnr_db(cleared, shot.picture.rgb) > UNTOUCHED_DB)
        return figures


def evaluate(pictures: PictureSet, methods: Sequence[Method], measures: Measures, pool: Executor) -> Outcome:
    """Clear every shot with every method; the first method is the input, which flicker is relative to.

    Methods run one after the other, since they hold state; scoring runs beside itself in ``pool``.
    """
    outcome = Outcome({method.name: Tally() for method in methods})
    watch = _FlickerWatch(pictures.flicker_every) if "flicker" in pictures.measures else None
    for number, shot in enumerate(pictures.shots()):
        cleared = [_clear(method, shot) for method in methods]
        content = content_mask(luma_of(shot.picture.rgb))
        if shot.scored and number % pictures.score_every == 0:
            scored = number // pictures.score_every
            wanted = pictures.measures | ({"more"} if scored % EVERY == 0 else set())
            score = _scorer(measures, shot, content, wanted)
            for tally, figures in zip(outcome.tallies.values(), pool.map(score, cleared), strict=True):
                tally.figures.append(figures)
                tally.sources.append(shot.source)
        if watch is not None:
            watch.see(cleared, shot, content, [tally.changes for tally in outcome.tallies.values()])
        if "jumps" in pictures.measures:
            for tally, own in zip(outcome.tallies.values(), cleared, strict=True):
                tally.jumps.see(shot.picture.rgb, own, follows=shot.follows)
        if shot.shown or number in pictures.sheet_shots:
            outcome.lines.append([*cleared, shot.truth])
    return outcome


def _scorer(
    measures: Measures, shot: Shot, content: NDArray[np.bool_], wanted: frozenset[str]
) -> Callable[[Rgb], Figures]:
    return lambda cleared: measures.score(shot, cleared, content, wanted)


def _clear(method: Method, shot: Shot) -> Rgb:
    if not shot.follows:
        method.reset()
    return method(shot.picture)


class _FlickerWatch:
    """Compares every row's picture with its own ``every`` shots earlier, along the input's motion."""

    def __init__(self, every: int) -> None:
        self._every = every
        self._seen: deque[list[NDArray[np.float32]]] = deque(maxlen=every)
        self._count = 0
        self._motion_of = MotionOf()

    def see(self, cleared: list[Rgb], shot: Shot, content: NDArray[np.bool_], changes: list[Changes]) -> None:
        if not shot.follows:
            self._seen.clear()
            self._count = 0
        lumas = [small_luma(rgb) for rgb in cleared]
        if self._count and self._count % self._every == 0:
            small = small_luma(np.repeat(content[..., None].astype(np.uint8) * 255, 3, axis=2)) > 0.99
            motion = self._motion_of.between(self._seen[0][0], lumas[0], small)
            if motion is not None:
                for own, earlier, later in zip(changes, self._seen[0], lumas, strict=True):
                    record(own, earlier, later, motion)
        self._seen.append(lumas)
        self._count += 1


def head(pictures: PictureSet, limit: int) -> PictureSet:
    """The first ``limit`` shots of a set; its sheet shows some of them."""
    shown = pictures.sheet_shots
    if any(shot >= limit for shot in shown):
        shown = tuple(limit * part // 6 for part in (1, 3, 5))
    return PictureSet(
        pictures.name,
        pictures.measures,
        lambda: islice(pictures.shots(), limit),
        score_every=min(pictures.score_every, max(1, limit // 5)),
        flicker_every=pictures.flicker_every,
        sheet_shots=shown,
    )
