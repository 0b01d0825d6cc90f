"""From options to parts: the only place that knows which class serves an address or a name."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from eid_stream.app.ending.run_ending import Ending
from eid_stream.app.options.live_options import LiveOptions
from eid_stream.app.options.run_options import NULL_ADDRESS, Options
from eid_stream.app.telling.enhanced_mark import enhanced_mark, not_enhanced_mark
from eid_stream.app.telling.shortfall import captured_share, live_shortfall_of, shortfall_of
from eid_stream.app.wiring.beginning import Beginning
from eid_stream.app.wiring.resume_wiring import counted, go_on, keep_sections, states_of
from eid_stream.app.wiring.scan_wiring import foreseeing
from eid_stream.core.errors import ConfigError, NotDehazedError
from eid_stream.core.frame import Frame
from eid_stream.core.host.redaction import redacted
from eid_stream.core.interfaces import Source
from eid_stream.core.kernels.choice import note as slow_loops
from eid_stream.dehazing.correction_check import check_correction
from eid_stream.dehazing.file_dehazer import FileDehazer
from eid_stream.dehazing.sections import Sections
from eid_stream.flow.outlet import Outlet
from eid_stream.flow.pipeline import Prepare, Window
from eid_stream.flow.stats import Stats
from eid_stream.sinks.null import NullSink
from eid_stream.sources.address import scheme_of
from eid_stream.sources.damage import damage_of
from eid_stream.sources.file.video_file import VideoFileSource
from eid_stream.sources.wrapping import innermost

if TYPE_CHECKING:
    from eid_stream.sinks.file.recorder import Recorder

RECORD = "record"


@dataclass(frozen=True, slots=True)
class Assembly:
    """Everything one run is made of, opened."""

    source: Source
    dehaze: Callable[[Frame], Frame]
    engine_name: Callable[[], str]
    outlets: tuple[Outlet, ...]
    parts: ExitStack
    """Closes whatever the pipeline does not: the engine, and everything if the pipeline never runs."""
    prepare: Prepare | None = None
    """Looks at the frames of a file ahead of their correction; live nobody can."""
    recorder: "Recorder | None" = None
    out: Path | None = None
    """The file that is written, or None."""
    engine_choice: Callable[[], Sequence[str]] = lambda: ()
    """Why which engine is in use, one sentence per step, oldest first."""
    mark: str = ""
    """What the output says of itself."""
    shortfall: Callable[[], NotDehazedError | None] = lambda: None
    """Asked at the end: whether too little was dehazed to call it a success."""
    mark_of_shortfall: Callable[[], str] = lambda: ""
    """What the output says of itself then."""
    show: Window | None = None
    """Shows frames in the main thread until the viewer has enough; None without a window."""
    ending: Ending = field(default_factory=Ending)
    """How an outlet that nobody wants any more ends the run in good order."""

    @property
    def notes(self) -> list[str]:
        """Which engine works, and what the output cannot keep as it was, one sentence each."""
        chosen = [f"Engine {choice}." for choice in self.engine_choice()[-1:]]
        chosen += [note] if (note := slow_loops()) else []
        recording = innermost(self.source)
        of_source = recording.notes if isinstance(recording, VideoFileSource) else []
        return [*chosen, *of_source, *([] if self.recorder is None else self.recorder.notes)]

    @property
    def damage(self) -> list[str]:
        """What was damaged in the source and what was done about it; complete when the run has ended."""
        of_picture = damage_of(innermost(self.source)).sentences()
        return of_picture if self.recorder is None else [*of_picture, *self.recorder.damage]

    @property
    def left_behind(self) -> Path | None:
        """The unfinished file of a run that has ended without finishing it, if there is one that plays."""
        return None if self.recorder is None else self.recorder.left_behind

    def publish(self, *, interrupted: bool) -> None:
        """Give finished files their names; what an interrupted run wrote never takes a finished file's place.

        Raises:
            SinkWriteError: a file cannot be finished or renamed.
            NotDehazedError: too many frames went out as captured; the file has its name, but is not tagged as enhanced.
        """
        if interrupted and not getattr(innermost(self.source), "has_ended", False):
            if self.recorder is not None:
                self.recorder.close()
            return
        shortfall = self.shortfall()
        if self.recorder is not None:
            if shortfall is not None:
                self.recorder.replace_tag(self.mark, self.mark_of_shortfall())
            self.recorder.publish()
        if shortfall is not None:
            raise shortfall


def assemble(beginning: Beginning, options: Options, live: LiveOptions, stats: Stats) -> Assembly:
    """Open what the options name and has not begun to be opened, in the order in which mistakes are cheapest to tell.

    A live source, or a file to be watched in a window, makes a live run; everything else is a file to be converted.

    Raises:
        EidStreamError: something cannot be used; what was opened before it is closed again.
    """
    with ExitStack() as opened:
        source = beginning.source()
        opened.callback(source.close)
        if source.info.live:
            from eid_stream.app.wiring.live_wiring import (
                assemble_live,  # windows and OpenCV, which a file has no use for
            )

            parts = assemble_live(options, live, source, stats, opened)
            return Assembly(
                parts.source,
                parts.enhancement.dehaze,
                lambda: parts.enhancement.engine,
                tuple(parts.outlets.outlets),
                opened.pop_all(),
                engine_choice=parts.engine_choice,
                shortfall=lambda: live_shortfall_of(stats),
                show=None if parts.window is None else parts.window.run,
                ending=parts.outlets.ending,
            )
        check_correction(source.info.layout)
        engine = beginning.engine()
        out = _file_to_write(options)
        sections = None if out is None else keep_sections(out, options, source, engine.card)
        go_on(sections, source, stats)
        dehazer = FileDehazer(
            engine,
            options.strength,
            keep_original=options.compare is not None,
            make_estimator=foreseeing(source, stats, scan=options.scan),
            note=lambda estimate: stats.stage("estimate").record(round(estimate.took_seconds * 1e9)),
            sections=None if sections is None else Sections(),
            go_on_as=states_of(sections),
        )
        opened.callback(dehazer.close)
        pictures = None
        if options.frames is not None:
            from eid_stream.app.wiring.frame_wiring import open_picture_folder

            pictures = open_picture_folder(options)
        mark = enhanced_mark(engine.card, options.strength)
        from eid_stream.app.wiring.recorder_wiring import compared, open_recorder  # loaded beside the first looks

        recorder = None if out is None else open_recorder(out, options, source, mark, sections)
        sink = compared(recorder or pictures or NullSink(), options, source)
        return Assembly(
            source,
            counted(stats.haze.watching(dehazer.dehaze), stats),
            lambda: engine.card.name,
            (Outlet(RECORD, sink),),
            opened.pop_all(),
            prepare=dehazer.prepare,
            recorder=recorder,
            mark=mark,
            shortfall=lambda: shortfall_of(stats) if options.strength > 0.0 else None,
            mark_of_shortfall=lambda: not_enhanced_mark(captured_share(stats)),
            out=out,
            engine_choice=lambda: engine.reasons,
        )


def _file_to_write(options: Options) -> Path | None:
    if options.frames is not None or options.out in (None, NULL_ADDRESS):
        return None
    return _output_path(str(options.out))


def _output_path(address: str) -> Path:
    if scheme_of(address) not in ("", "file"):
        raise ConfigError(
            f"Cannot write a file to {redacted(address)}: name a file on this machine, or add --live to send a stream."
        )
    return Path(address)


def printable(address: str | None) -> str | None:
    """An address without credentials, as it may be shown and stored."""
    return None if address is None else redacted(address)
