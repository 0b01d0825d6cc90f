"""From options to the file that is written."""

from pathlib import Path

from eid_stream.app.options.run_options import Options
from eid_stream.core.interfaces import Sink, Source
from eid_stream.sinks.comparing import ComparingSink, compared_info
from eid_stream.sinks.file.recorder import Recorder
from eid_stream.sinks.file.resuming.section_keeper import SectionKeeper
from eid_stream.sources.file.video_file import VideoFileSource
from eid_stream.sources.wrapping import innermost


def open_recorder(
    out: Path, options: Options, source: Source, mark: str, sections: SectionKeeper | None = None
) -> Recorder:
    """The recorder of an output file; it copies everything but the picture from a source that is a file."""
    inside = innermost(source)
    recording = inside if isinstance(inside, VideoFileSource) else None
    return Recorder(
        out,
        compared_info(source.info, options.compare),
        copy_from=None if recording is None else recording.input,
        start_seconds=None if recording is None else recording.start_seconds,
        duration_seconds=None if recording is None else recording.duration_seconds,
        source_has_ended=lambda: True if recording is None else recording.has_ended,
        copy_pictures=not options.rectangles,
        sections=sections,
        codec=options.codec,
        quality=options.quality,
        preset=options.preset,
        encoder=options.encoder,
        tags={"enhanced": mark},
        overwrite=options.overwrite,
        keep_clock=options.keep_clock,
    )


def compared(sink: Sink, options: Options, source: Source) -> Sink:
    """The sink, with original and dehazed picture in one where that was asked for."""
    if options.compare is None:
        return sink
    return ComparingSink(sink, options.compare, rotation=source.info.rotation)
