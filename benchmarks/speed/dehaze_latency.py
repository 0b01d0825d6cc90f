"""How long the dehaze stage takes, as a whole and by part."""

from dataclasses import replace
from fractions import Fraction
from time import perf_counter_ns

from eid_stream.core.ffmpeg.picture_buffer import copy, view
from eid_stream.core.frame import Frame
from eid_stream.core.interfaces import Engine
from eid_stream.core.thumbnail import make_thumbnail
from eid_stream.dehazing.frame_correction import corrected
from eid_stream.dehazing.map_estimator import MapEstimator
from eid_stream.dehazing.scene_cut import Continuity
from eid_stream.flow.stats import Histogram
from eid_stream.sources.phantom.phantom_source import PhantomSource

PARTS = ("continuity", "correction", "thumbnail", "estimate", "frame")
"""``frame`` is what every frame waits for: continuity and correction. Thumbnail and estimate (engine, smoothing,
memory) make a look, which runs beside the stream."""
_DISTINCT_FRAMES = 5


def measure_dehaze(engine: Engine, size: str, *, frames: int, warm_up: int = 10) -> dict[str, Histogram]:
    """Time the dehaze stage on phantom frames of ``size`` (``1920x1080``) lying in memory as a decoder leaves them.

    One look is taken at each, one part after the other on the same frames.
    """
    times = {part: Histogram() for part in PARTS}
    parts, pictures = _Parts(engine), _decoded_phantom(size)
    for number in range(warm_up + frames):
        if number == warm_up:
            times = {part: Histogram() for part in PARTS}
        parts.dehaze(replace(pictures[number % len(pictures)], pts=number, index=number), times)
    return times


class _Parts:
    """The steps of the product, a clock between them."""

    def __init__(self, engine: Engine) -> None:
        self._card = engine.card
        self._continuity = Continuity()
        self._estimator = MapEstimator(engine)

    def dehaze(self, frame: Frame, times: dict[str, Histogram]) -> None:
        marks = [perf_counter_ns()]
        thumbnail = make_thumbnail(frame, self._card.thumbnail_width, self._card.thumbnail_height)
        marks.append(perf_counter_ns())
        maps = self._estimator.estimate(thumbnail, float(frame.seconds))
        marks.append(perf_counter_ns())
        self._continuity.broken_by(frame)
        marks.append(perf_counter_ns())
        corrected(frame, maps, 1.0)
        marks.append(perf_counter_ns())
        steps = ("thumbnail", "estimate", "continuity", "correction")
        for part, before, after in zip(steps, marks, marks[1:], strict=False):
            times[part].record(after - before)
        times["frame"].record(marks[4] - marks[2])


def _decoded_phantom(size: str) -> list[Frame]:
    source = PhantomSource(f"phantom:?size={size}&frames={_DISTINCT_FRAMES}")
    return [_decoded(frame) for frame in source]


def _decoded(frame: Frame) -> Frame:
    picture = copy(frame.planes, frame.layout)
    return replace(frame, planes=view(picture), buffer=picture, time_base=Fraction(1, 25))
