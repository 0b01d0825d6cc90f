"""From options to parts: the only place that knows which class serves an address or a name."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from eid_stream import __version__
from eid_stream.backends import open_engine
from eid_stream.compare import ComparingSink, compared_info
from eid_stream.dehaze import Dehazer
from eid_stream.engine_card import EngineCard
from eid_stream.errors import ConfigError
from eid_stream.interfaces import Engine, Sink, Source
from eid_stream.options import Options
from eid_stream.pipeline import Outlet
from eid_stream.sinks.null import NullSink
from eid_stream.sinks.recorder import Recorder
from eid_stream.sources.limited import LimitedSource
from eid_stream.sources.phantom import PhantomSource
from eid_stream.sources.video_file import VideoFileSource

RECORD = "record"
NULL_ADDRESS = "null:"


@dataclass(frozen=True, slots=True)
class Assembly:
    """Everything one run is made of, opened."""

    source: Source
    dehazer: Dehazer
    outlets: tuple[Outlet, ...]
    recorder: Recorder | None
    out: Path | None
    """The file that is written, or None."""
    parts: ExitStack
    """Closes whatever the pipeline does not: the engine, and everything if the pipeline never runs."""

    @property
    def notes(self) -> list[str]:
        """What the output cannot keep as it was, one sentence each."""
        return [] if self.recorder is None else self.recorder.notes

    @property
    def damage(self) -> list[str]:
        """What was damaged in the source and what was done about it; complete when the source has ended."""
        return self.source.damage.sentences() if isinstance(self.source, VideoFileSource) else []

    @property
    def left_behind(self) -> Path | None:
        """The unfinished file of a run that failed, if there is one."""
        part = None if self.out is None else self.out.with_name(f"{self.out.name}.part")
        return part if part is not None and part.exists() else None

    def publish(self) -> None:
        """Give finished files their names.

        Raises:
            SinkWriteError: a file cannot be renamed.
        """
        if self.recorder is not None:
            self.recorder.publish()


def assemble(options: Options) -> Assembly:
    """Open what the options name, in the order in which mistakes are cheapest to tell.

    Raises:
        EidStreamError: something cannot be used; what was opened before it is closed again.
    """
    if options.out is None:
        raise ConfigError(
            f"Nothing would be done with {options.source}: add --out clear.mp4 to write a file, "
            f"or --out {NULL_ADDRESS} to measure without writing."
        )
    with ExitStack() as opened:
        source = open_source(options)
        opened.callback(source.close)
        engine = open_engine(options.engine)
        opened.callback(engine.close)
        out = None if options.out == NULL_ADDRESS else Path(options.out)
        recorder = None if out is None else open_recorder(out, options, source, engine)
        sink = _compared(recorder or NullSink(), options, source)
        dehazer = Dehazer(engine, options.strength)
        return Assembly(source, dehazer, (Outlet(RECORD, sink),), recorder, out, opened.pop_all())


def open_source(options: Options) -> Source:
    """The source that an address means."""
    address = options.source
    if address.startswith("phantom:"):
        if options.start:
            raise ConfigError(f"--start needs a file to begin in the middle of; {address} always begins at 0.")
        phantom = PhantomSource(address)
        return phantom if options.duration is None else LimitedSource(phantom, options.duration)
    return VideoFileSource(address, start_seconds=options.start, duration_seconds=options.duration)


def open_recorder(out: Path, options: Options, source: Source, engine: Engine) -> Recorder:
    """The recorder of an output file; it copies everything but the picture from a source that is a file."""
    is_file = isinstance(source, VideoFileSource)
    return Recorder(
        out,
        compared_info(source.info, options.compare),
        copy_from=Path(source.info.address) if is_file else None,
        start_seconds=options.start if is_file else None,
        duration_seconds=options.duration if is_file else None,
        source_has_ended=lambda: source.has_ended if isinstance(source, VideoFileSource) else True,
        codec=options.codec,
        quality=options.quality,
        preset=options.preset,
        tags={"enhanced": _mark(engine.card, options.strength)},
        overwrite=options.overwrite,
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
