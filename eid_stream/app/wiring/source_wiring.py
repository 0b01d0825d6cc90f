"""From an address to a source: which class serves it, and what of the options it is given."""

from eid_stream.app.options.live_options import LiveOptions
from eid_stream.app.options.run_options import Options
from eid_stream.core.errors import ConfigError
from eid_stream.core.host.redaction import redacted
from eid_stream.core.interfaces import Source
from eid_stream.flow.opening import Opening
from eid_stream.sources.address import is_live, parse_network, scheme_of
from eid_stream.sources.blacked_out import BlackedOutSource
from eid_stream.sources.file.opening.media_input import STANDARD_INPUT
from eid_stream.sources.file.video_file import VideoFileSource
from eid_stream.sources.limited import LimitedSource
from eid_stream.sources.opening_deadline import opened_within
from eid_stream.sources.real_time import RealTimeSource

_OPEN_SECONDS = 30.0
"""How long a live source may take until its first picture can be had; FFmpeg has less, and can say more about it."""
_OPEN_FILE_SECONDS = 120.0
"""Likewise for a file: on a network drive, or to begin in its middle, it may take its time."""


def begin_to_open(options: Options, live: LiveOptions) -> Opening[Source]:
    """Begin to open what an address means: in real time where somebody watches, as long as ``--duration`` says."""
    return Opening(lambda: _open_source(options, live))


def await_source(opening: Opening[Source], options: Options) -> Source:
    """What has begun to open.

    Raises:
        EidStreamError: it cannot be opened, or takes too long.
    """
    seconds = _OPEN_SECONDS if is_live(options.source) else _OPEN_FILE_SECONDS
    return opened_within(seconds, opening, redacted(options.source))


def is_watched(options: Options, live: LiveOptions) -> bool:
    """Whether somebody watches while it runs: then it keeps to the source's time, and waits for no engine."""
    return options.out is None or live.live or (is_live(options.source) and options.source != STANDARD_INPUT)


def _open_source(options: Options, live: LiveOptions) -> Source:
    watched = options.out is None or live.live
    if is_live(options.source) and options.source != STANDARD_INPUT:
        from eid_stream.app.wiring.live_wiring import open_live_source

        _refuse_what_is_for_files(options)
        whole = _covered(open_live_source(options.source, live), options)
    elif options.source.startswith("phantom:"):
        from eid_stream.sources.phantom.phantom_source import PhantomSource

        _refuse_what_is_for_files(options)
        whole = _covered(PhantomSource(options.source), options)
    else:  # a file knows best where to cut itself
        if scheme_of(options.source) not in ("", "file"):
            parse_network(options.source)  # which refuses what is neither a file nor a stream
        file = VideoFileSource(
            options.source,
            start_seconds=options.start,
            duration_seconds=options.duration,
            decoder=options.decoder,
            as_it_comes=watched,
        )
        whole = _covered(file, options)
        return RealTimeSource(whole) if watched and not whole.info.live else whole
    timed = RealTimeSource(whole) if watched and not whole.info.live else whole
    return timed if options.duration is None else LimitedSource(timed, options.duration)


def _covered(source: Source, options: Options) -> Source:
    if not options.rectangles:
        return source
    try:
        return BlackedOutSource(source, options.rectangles)
    except BaseException:
        source.close()
        raise


def _refuse_what_is_for_files(options: Options) -> None:
    if options.decoder != "software":
        raise ConfigError(f"--decoder is for files; {redacted(options.source)} is none. Leave it out.")
    if options.start:
        raise ConfigError(
            f"--start needs a file to begin in the middle of; {redacted(options.source)} always begins at 0."
        )
