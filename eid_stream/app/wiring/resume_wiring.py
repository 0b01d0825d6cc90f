"""Going on with the file of a run that was killed: what must be the same, and who gets his state back."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import av

from eid_stream import __version__
from eid_stream.app.options.run_options import Options
from eid_stream.core.engine_card import EngineCard
from eid_stream.core.frame import Frame
from eid_stream.core.interfaces import Source
from eid_stream.core.saved_state import restored, saved
from eid_stream.flow.stats import Stats
from eid_stream.sinks.file.resuming.section_keeper import SectionKeeper
from eid_stream.sources.file.video_file import VideoFileSource
from eid_stream.sources.wrapping import innermost

STATISTICS = "statistics"
_MAKES_NO_DIFFERENCE = {"out", "overwrite", "pair_page", "stats", "frames", "fps", "resume", "engine"}
"""Options that change nothing in the file; of the engine its card tells more."""


def keep_sections(out: Path, options: Options, source: Source, card: EngineCard) -> SectionKeeper | None:
    """What lets a later run go on with ``out``, and this one with an earlier one's; None where that cannot be.

    It cannot where the source is no file that can be read again.
    """
    recording = innermost(source)
    if not options.resume or not isinstance(recording, VideoFileSource):
        return None
    path = recording.input.path
    if path is None or not path.is_file():
        return None
    facts = path.stat()
    given = {name: str(value) for name, value in asdict(options).items() if name not in _MAKES_NO_DIFFERENCE}
    made_of = given | {"source": str(path.resolve()), "bytes": facts.st_size, "changed_ns": facts.st_mtime_ns}
    made_by = {"version": __version__, "av": av.__version__, "engine": asdict(card)}
    sections = SectionKeeper(out, json.dumps(made_of | made_by, sort_keys=True, default=str))
    try:
        for state in states_of(sections).values():
            restored(state)
    except ValueError:
        sections.begin_anew()
    return sections


def states_of(sections: SectionKeeper | None) -> dict[str, bytes]:
    """What every stage knew where this run goes on; nothing where it begins anew."""
    checkpoint = None if sections is None else sections.checkpoint
    return {} if checkpoint is None else checkpoint.states


def go_on(sections: SectionKeeper | None, source: Source, stats: Stats) -> None:
    """Let source and statistics go on where an earlier run ended."""
    checkpoint = None if sections is None else sections.checkpoint
    recording = innermost(source)
    if checkpoint is None or not isinstance(recording, VideoFileSource):
        return
    stats.first_seconds, stats.haze, stats.bypassed, stats.faults = restored(checkpoint.states[STATISTICS])
    stats.frames_before = checkpoint.frames
    stats.seconds_before = float(checkpoint.seconds) - (stats.first_seconds or 0.0)
    recording.skip_frames = checkpoint.frames


def counted(dehaze: Callable[[Frame], Frame], stats: Stats) -> Callable[[Frame], Frame]:
    """The same dehaze stage; what was counted before a section goes along with its first frame."""

    def dehazed(frame: Frame) -> Frame:
        if stats.first_seconds is None:
            stats.first_seconds = float(frame.seconds)
        if frame.section is not None:
            known = stats.first_seconds, stats.haze, stats.bypassed, stats.faults
            frame.section.states[STATISTICS] = saved(known)
        return dehaze(frame)

    return dehazed
