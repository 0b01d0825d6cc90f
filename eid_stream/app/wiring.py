"""From options to parts: the only place that knows which class serves an address or a name."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from eid_stream import __version__
from eid_stream.app.live_options import LiveOptions
from eid_stream.app.options import NULL_ADDRESS, Options
from eid_stream.app.outlet_wiring import Ending
from eid_stream.backends import open_engine
from eid_stream.core.engine_card import EngineCard
from eid_stream.core.errors import ConfigError
from eid_stream.core.frame import Frame
from eid_stream.core.interfaces import Engine, Sink, Source
from eid_stream.core.redaction import redacted
from eid_stream.dehazing.dehazer import Dehazer
from eid_stream.flow.pipeline import Outlet, Window
from eid_stream.flow.stats import Stats
from eid_stream.sinks.comparing import ComparingSink, compared_info
from eid_stream.sinks.file.recorder import Recorder
from eid_stream.sinks.null import NullSink
from eid_stream.sources.address import parse_network, scheme_of
from eid_stream.sources.file.media_input import STANDARD_INPUT
from eid_stream.sources.file.video_file import VideoFileSource
from eid_stream.sources.limited import LimitedSource
from eid_stream.sources.live.live_address import is_live
from eid_stream.sources.opening_deadline import open_within
from eid_stream.sources.real_time import RealTimeSource

RECORD = "record"
_OPEN_SECONDS = 30.0
"""How long a live source may take until its first picture can be had; FFmpeg has less, and can say more about it."""
_OPEN_FILE_SECONDS = 120.0
"""Likewise for a file: on a network drive, or to begin in its middle, it may take its time."""
_STUCK_SECONDS = 30.0
"""A GPU that has not answered for so long has failed, and another engine is opened: a file waits, but not for ever."""


@dataclass(frozen=True, slots=True)
class Assembly:
    """Everything one run is made of, opened."""

    source: Source
    dehaze: Callable[[Frame], Frame]
    engine_name: Callable[[], str]
    outlets: tuple[Outlet, ...]
    parts: ExitStack
    """Closes whatever the pipeline does not: the engine, and everything if the pipeline never runs."""
    recorder: Recorder | None = None
    out: Path | None = None
    """The file that is written, or None."""
    engine_choice: Callable[[], Sequence[str]] = lambda: ()
    """Why which engine is in use, one sentence per step, oldest first."""
    show: Window | None = None
    """Shows frames in the main thread until the viewer has enough; None without a window."""
    ending: Ending = field(default_factory=Ending)
    """How an outlet that nobody wants any more ends the run in good order."""

    @property
    def notes(self) -> list[str]:
        """Which engine works, and what the output cannot keep as it was, one sentence each."""
        chosen = [f"Engine {choice}." for choice in self.engine_choice()[-1:]]
        of_source = self.source.notes if isinstance(self.source, VideoFileSource) else []
        return [*chosen, *of_source, *([] if self.recorder is None else self.recorder.notes)]

    @property
    def damage(self) -> list[str]:
        """What was damaged in the source and what was done about it; complete when the run has ended."""
        of_picture = self.source.damage.sentences() if isinstance(self.source, VideoFileSource) else []
        return of_picture if self.recorder is None else [*of_picture, *self.recorder.damage]

    @property
    def left_behind(self) -> Path | None:
        """The unfinished file of a run that has ended without finishing it, if there is one that plays."""
        return None if self.recorder is None else self.recorder.left_behind

    def publish(self, *, interrupted: bool) -> None:
        """Give finished files their names; what an interrupted run wrote never takes a finished file's place.

        Raises:
            SinkWriteError: a file cannot be finished or renamed.
        """
        if self.recorder is None:
            return
        if interrupted and not getattr(self.source, "has_ended", False):
            self.recorder.close()
        else:
            self.recorder.publish()


def assemble(options: Options, live: LiveOptions, stats: Stats) -> Assembly:
    """Open what the options name, in the order in which mistakes are cheapest to tell.

    A live source, or a file to be watched in a window, makes a live run; everything else is a file to be converted.

    Raises:
        EidStreamError: something cannot be used; what was opened before it is closed again.
    """
    with ExitStack() as opened:
        source = open_source(options, live)
        opened.callback(source.close)
        if source.info.live:
            from eid_stream.app.live_wiring import assemble_live  # windows and OpenCV, which a file has no use for

            parts = assemble_live(options, live, source, stats, opened)
            return Assembly(
                parts.source,
                parts.enhancement.dehaze,
                lambda: parts.enhancement.engine,
                tuple(parts.outlets.outlets),
                opened.pop_all(),
                engine_choice=parts.engine_choice,
                show=None if parts.window is None else parts.window.run,
                ending=parts.outlets.ending,
            )
        engine = open_engine(options.engine, late_seconds=_STUCK_SECONDS)
        opened.callback(engine.close)
        out = None if options.out in (None, NULL_ADDRESS) else _output_path(str(options.out))
        recorder = None if out is None else open_recorder(out, options, source, engine)
        sink = _compared(recorder or NullSink(), options, source)
        dehazer = Dehazer(engine, options.strength)
        return Assembly(
            source,
            stats.haze.watching(dehazer.dehaze if options.compare else partial(_dehaze_without_original, dehazer)),
            lambda: engine.card.name,
            (Outlet(RECORD, sink),),
            opened.pop_all(),
            recorder=recorder,
            out=out,
            engine_choice=lambda: engine.reasons,
        )


def _output_path(address: str) -> Path:
    if scheme_of(address) not in ("", "file"):
        raise ConfigError(
            f"Cannot write a file to {redacted(address)}: name a file on this machine, or add --live to send a stream."
        )
    return Path(address)


def _dehaze_without_original(dehazer: Dehazer, frame: Frame) -> Frame:
    """Dehaze for outlets that never show the original: every frame on its way holds half the memory."""
    return replace(dehazer.dehaze(frame), original=None)


def printable(address: str | None) -> str | None:
    """An address without credentials, as it may be shown and stored."""
    return None if address is None else redacted(address)


def open_source(options: Options, live: LiveOptions) -> Source:
    """The source that an address means, in real time where somebody watches."""
    seconds = _OPEN_SECONDS if is_live(options.source) else _OPEN_FILE_SECONDS
    return open_within(seconds, lambda: _open_source(options, live), redacted(options.source))


def _open_source(options: Options, live: LiveOptions) -> Source:
    watched = options.out is None or live.live
    if is_live(options.source) and (watched or options.source != STANDARD_INPUT):
        from eid_stream.app.live_wiring import open_live_source

        _refuse_start(options)
        source = open_live_source(options.source, live, patient=not watched)
        return source if source.info.live or options.duration is None else LimitedSource(source, options.duration)
    recorded = _open_recorded(options, limited=not watched)
    return RealTimeSource(recorded) if watched and not recorded.info.live else recorded


def _refuse_start(options: Options) -> None:
    if options.start:
        raise ConfigError(
            f"--start needs a file to begin in the middle of; {redacted(options.source)} always begins at 0."
        )


def _open_recorded(options: Options, *, limited: bool) -> Source:
    """A file or the phantom; ``limited`` applies ``--duration`` to a phantom, which a live run does itself."""
    address = options.source
    if address.startswith("phantom:"):
        from eid_stream.sources.phantom.phantom_source import PhantomSource

        _refuse_start(options)
        phantom = PhantomSource(address)
        bounded = limited and options.duration is not None and not phantom.info.live
        return LimitedSource(phantom, options.duration) if bounded and options.duration else phantom
    if scheme_of(address) not in ("", "file"):
        parse_network(address)  # which refuses what is neither a file nor a stream
    return VideoFileSource(address, start_seconds=options.start, duration_seconds=options.duration)


def open_recorder(out: Path, options: Options, source: Source, engine: Engine) -> Recorder:
    """The recorder of an output file; it copies everything but the picture from a source that is a file."""
    is_file = isinstance(source, VideoFileSource)
    return Recorder(
        out,
        compared_info(source.info, options.compare),
        copy_from=source.input if isinstance(source, VideoFileSource) else None,
        start_seconds=options.start if is_file else None,
        duration_seconds=options.duration if is_file else None,
        source_has_ended=lambda: source.has_ended if isinstance(source, VideoFileSource) else True,
        codec=options.codec,
        quality=options.quality,
        preset=options.preset,
        tags={"enhanced": _mark(engine.card, options.strength)},
        overwrite=options.overwrite,
        keep_clock=options.keep_clock,
    )


def _mark(card: EngineCard, strength: float) -> str:
    return (
        f"Surgical smoke removed by eid-stream {__version__}, engine {card.name} {card.version}, "
        f"strength {strength:g}. Enhanced picture, not for diagnosis."
    )


def _compared(sink: Sink, options: Options, source: Source) -> Sink:
    if options.compare is None:
        return sink
    return ComparingSink(sink, options.compare, rotation=source.info.rotation)
