"""The pass over a recording's key frames before it is run through."""

from collections.abc import Callable

from eid_stream.app.wiring.memory_wiring import remembering
from eid_stream.core.errors import EngineRunError
from eid_stream.core.frame import Frame
from eid_stream.core.interfaces import Engine, Source
from eid_stream.core.thumbnail import make_thumbnail
from eid_stream.dehazing.map_estimator import MapEstimator
from eid_stream.dehazing.memory.foresight import REACH_SECONDS, Foresight
from eid_stream.flow.stats import Stats
from eid_stream.sources.blacked_out import BlackedOutSource
from eid_stream.sources.file.key_frames import read_key_frames
from eid_stream.sources.file.video_file import VideoFileSource
from eid_stream.sources.wrapping import Wrapping, innermost

EVERY_SECONDS = 2.0
"""Key frames closer than this tell the same."""
MOST_VIEWS = 600
"""Views of a recording: about ten seconds of work at 1080p."""


def foreseeing(source: Source, stats: Stats, *, scan: bool) -> Callable[[Engine], MapEstimator]:
    """What makes an estimator for a file, in the thread that it will work in: there the file is looked through."""

    def make(engine: Engine) -> MapEstimator:
        recording = innermost(source)
        looked = None
        if scan and isinstance(recording, VideoFileSource):
            looked = look_through(recording, engine, _painting(source))
        return remembering(stats, engine, looked)

    return make


def look_through(
    source: VideoFileSource, engine: Engine, painted: Callable[[Frame], Frame] = lambda frame: frame
) -> Foresight:
    """Key frames of the file's window, and of a minute around it, as the engine sees them once ``painted``."""
    foresight = Foresight()
    info = source.info
    begins, lasts = float(source.begins_seconds), info.duration_seconds or 0.0
    views = read_key_frames(
        source.input,
        info,
        first_seconds=begins - REACH_SECONDS,
        last_seconds=begins + lasts + REACH_SECONDS,
        every_seconds=max(EVERY_SECONDS, lasts / MOST_VIEWS),
    )
    for frame in views:
        thumbnail = make_thumbnail(painted(frame), engine.card.thumbnail_width, engine.card.thumbnail_height)
        try:
            maps = engine.estimate(thumbnail)
        except EngineRunError:
            continue
        if maps.fault() is None:
            foresight.add(maps, thumbnail, float(frame.seconds))
    engine.reset()
    return foresight


def _painting(source: Source) -> Callable[[Frame], Frame]:
    """What is done to the frames on their way from the file to the engine."""
    while isinstance(source, Wrapping):
        if isinstance(source, BlackedOutSource):
            return source.painted
        source = source.wrapped
    return lambda frame: frame
