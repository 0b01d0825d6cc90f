"""Views of a recording by its key frames, seen ahead of the run."""

from collections.abc import Callable, Iterator
from contextlib import suppress

from eid_stream.app.wiring.memory_wiring import remembering
from eid_stream.core.errors import EngineRunError
from eid_stream.core.frame import Frame
from eid_stream.core.interfaces import Engine, Remembering, Source
from eid_stream.core.thumbnail import make_thumbnail
from eid_stream.dehazing.map_estimator import MapEstimator
from eid_stream.dehazing.memory.foresight import REACH_SECONDS, Foresight, Seen
from eid_stream.flow.stats import Stats
from eid_stream.sources.blacked_out import BlackedOutSource
from eid_stream.sources.file.key_frames import read_key_frames
from eid_stream.sources.file.video_file import VideoFileSource
from eid_stream.sources.wrapping import Wrapping, innermost

EVERY_SECONDS = 2.0
"""Key frames closer than this tell the same."""
MOST_VIEWS = 600
"""Of all of a recording, were all of it seen."""


def foreseeing(source: Source, stats: Stats, *, scan: bool) -> Callable[[Engine], MapEstimator]:
    """What makes an estimator for a file; in the thread that it works in, the file is looked through."""

    def make(engine: Engine) -> MapEstimator:
        recording, looked = innermost(source), None
        if scan and isinstance(recording, VideoFileSource):
            looked = foresight_of(recording, engine, _painting(source))
        return remembering(stats, engine, looked)

    return make


def foresight_of(
    source: VideoFileSource, engine: Engine, painted: Callable[[Frame], Frame] = lambda frame: frame
) -> Foresight:
    """Foresight by key frames of the file's window and of a minute around it, as the engine sees them once ``painted``.

    They are read around the beginning of a scene, when it comes: a file's first picture waits for those of a minute.
    """
    info = source.info
    lasts = info.duration_seconds or 0.0
    every = max(EVERY_SECONDS, lasts / MOST_VIEWS)

    def see(first: float, last: float) -> Iterator[Seen]:
        remembered = engine.state if isinstance(engine, Remembering) else None
        engine.reset()
        try:
            for frame in read_key_frames(
                source.input, info, first_seconds=first, last_seconds=last, every_seconds=every
            ):
                thumbnail = make_thumbnail(painted(frame), engine.card.thumbnail_width, engine.card.thumbnail_height)
                with suppress(EngineRunError):
                    maps = engine.estimate(thumbnail)
                    if maps.fault() is None:
                        yield maps, thumbnail, float(frame.seconds)
        finally:  # whatever could not be read, the engine goes on with the video where it was
            engine.reset()
            if isinstance(engine, Remembering):
                engine.state = remembered

    ends = float(source.begins_seconds) + lasts + REACH_SECONDS
    return Foresight(see, every_seconds=every, ends_seconds=ends)


def _painting(source: Source) -> Callable[[Frame], Frame]:
    """What is done to the frames on their way from the file to the engine."""
    while isinstance(source, Wrapping):
        if isinstance(source, BlackedOutSource):
            return source.painted
        source = source.wrapped
    return lambda frame: frame
