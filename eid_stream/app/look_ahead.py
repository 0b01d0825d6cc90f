"""The pass over a recording's key frames before it is run through: what its scenes look like where they are clear."""

from collections.abc import Callable

from eid_stream.core.errors import EngineRunError
from eid_stream.core.frame import Frame
from eid_stream.core.interfaces import Engine
from eid_stream.core.thumbnail import make_thumbnail
from eid_stream.dehazing.foresight import REACH_SECONDS, Foresight
from eid_stream.sources.file.key_frames import read_key_frames
from eid_stream.sources.file.video_file import VideoFileSource

EVERY_SECONDS = 2.0
"""Key frames closer than this tell the same."""
MOST_VIEWS = 600
"""Views of a recording: about ten seconds of work at 1080p."""


def looking_ahead(
    dehaze: Callable[[Frame], Frame], source: VideoFileSource, engine: Engine, foresight: Foresight
) -> Callable[[Frame], Frame]:
    """The same dehaze stage; before its first frame the recording is looked through, in the stage's own thread."""
    looked = False

    def dehaze_with_foresight(frame: Frame) -> Frame:
        nonlocal looked
        if not looked:
            looked = True
            _look(source, engine, foresight, float(frame.seconds))
        return dehaze(frame)

    return dehaze_with_foresight


def _look(source: VideoFileSource, engine: Engine, foresight: Foresight, begins: float) -> None:
    duration = source.info.duration_seconds or 0.0
    views = read_key_frames(
        source.input,
        source.info,
        first_seconds=begins - REACH_SECONDS,
        last_seconds=begins + duration + REACH_SECONDS,
        every_seconds=max(EVERY_SECONDS, duration / MOST_VIEWS),
    )
    for frame in views:
        thumbnail = make_thumbnail(frame, engine.card.thumbnail_width, engine.card.thumbnail_height)
        try:
            maps = engine.estimate(thumbnail)
        except EngineRunError:
            continue
        if maps.fault() is None:
            foresight.add(maps, thumbnail, float(frame.seconds))
    engine.reset()
