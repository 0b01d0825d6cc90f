"""How long the dehaze stage takes, as a whole and by part."""

from dataclasses import replace
from fractions import Fraction
from time import perf_counter_ns

from eid_stream.core.frame import Frame
from eid_stream.core.interfaces import Engine
from eid_stream.core.picture_buffer import allocate, copy, view
from eid_stream.core.thumbnail import make_thumbnail
from eid_stream.dehazing.correction import apply_maps
from eid_stream.dehazing.dehazer import Dehazer
from eid_stream.dehazing.temporal_filter import Continuity, TemporalFilter
from eid_stream.flow.stats import Histogram
from eid_stream.sources.phantom.phantom_source import PhantomSource

PARTS = ("thumbnail", "estimate", "smooth", "apply", "total")
_DISTINCT_FRAMES = 5


def measure_dehaze(engine: Engine, size: str, *, frames: int, warm_up: int = 10) -> dict[str, Histogram]:
    """Time the dehaze stage on phantom frames of ``size`` (``1920x1080``) lying in memory as a decoder leaves them.

    ``total`` is the stage as the product runs it; the parts are timed one after the other on the same frames.
    """
    times = {part: Histogram() for part in PARTS}
    dehazer, parts = Dehazer(engine), _Parts(engine)
    pictures = _decoded_phantom(size)
    for number in range(warm_up + frames):
        if number == warm_up:
            times = {part: Histogram() for part in PARTS}
        frame = replace(pictures[number % len(pictures)], pts=number, index=number)
        before = perf_counter_ns()
        result = dehazer.dehaze(frame)
        times["total"].record(perf_counter_ns() - before)
        if not result.state.dehazed:
            raise SystemExit(f"The frame was not dehazed, so there is nothing to time: {result.state.why}")
        parts.dehaze(frame, times)
    return times


class _Parts:
    """The steps of ``Dehazer``, a clock between them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._continuity = Continuity()
        self._filter = TemporalFilter()

    def dehaze(self, frame: Frame, times: dict[str, Histogram]) -> None:
        card, marks = self._engine.card, [perf_counter_ns()]
        thumbnail = make_thumbnail(frame, card.thumbnail_width, card.thumbnail_height)
        marks.append(perf_counter_ns())
        maps = self._engine.estimate(thumbnail)
        marks.append(perf_counter_ns())
        self._continuity.broken(thumbnail, float(frame.seconds))
        maps = self._filter.update(maps, thumbnail, float(frame.seconds))
        marks.append(perf_counter_ns())
        planes, _ = allocate(frame.width, frame.height, frame.layout)
        apply_maps(frame.planes, planes, maps, frame.layout, frame.colour)
        marks.append(perf_counter_ns())
        for part, before, after in zip(PARTS, marks, marks[1:], strict=False):
            times[part].record(after - before)


def _decoded_phantom(size: str) -> list[Frame]:
    source = PhantomSource(f"phantom:?size={size}&frames={_DISTINCT_FRAMES}")
    return [_decoded(frame) for frame in source]


def _decoded(frame: Frame) -> Frame:
    picture = copy(frame.planes, frame.layout)
    return replace(frame, planes=view(picture), buffer=picture, time_base=Fraction(1, 25))
