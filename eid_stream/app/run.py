"""One run of the command: assemble, run, publish, report."""

import gc
import json
import logging
import resource
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from eid_stream import __version__
from eid_stream.app.ending.interrupts import Interrupts
from eid_stream.app.options.live_options import LiveOptions
from eid_stream.app.options.run_options import Options
from eid_stream.app.telling.progress import Pace, shown_progress
from eid_stream.app.telling.summary import summarise
from eid_stream.app.wiring.assembly import Assembly, assemble, printable
from eid_stream.app.wiring.beginning import Beginning
from eid_stream.core.errors import ConfigError, EidStreamError, SinkWriteError, unexpected
from eid_stream.core.host.redaction import redacted_values
from eid_stream.flow.pipeline import Pipeline
from eid_stream.flow.stats import Stats


def run(options: Options, live: LiveOptions | None = None, beginning: Beginning | None = None) -> int:
    """Do what the options say and return the exit status; ``beginning`` has begun to open what they name.

    Raises:
        EidStreamError: the run could not start, or failed; the sentence names what is left of its output.
    """
    logging.getLogger("eid_stream").addHandler(logging.NullHandler())
    if options.stats is not None:
        _check_stats_file(options.stats, options)
    if options.pair_page and not Path(options.source).is_file():
        raise ConfigError(f"--pair-page plays a file beside its source, and {printable(options.source)} is none.")
    stats = Stats()
    live = live or LiveOptions()
    with beginning or Beginning(options, live) as begun:
        assembly = assemble(begun, options, live, stats)
    gc.freeze()  # what is loaded by now stays
    gc.enable()
    started = time.monotonic()
    with assembly.parts:
        for note in assembly.notes:
            _say(note)
        try:
            exit_code = _run_pipeline(assembly, stats)
        except EidStreamError as error:
            with suppress(SinkWriteError):  # the run's own failure matters more than that of its statistics
                _report(options, assembly, stats, outcome=str(error), wall_seconds=time.monotonic() - started)
            raise
        outcome = "finished" if exit_code == 0 else "interrupted"
        _report(options, assembly, stats, outcome=outcome, wall_seconds=time.monotonic() - started)
        if options.pair_page and assembly.recorder is not None and assembly.recorder.is_published:
            _write_pair_page(options, assembly.recorder.path, stats)
    return exit_code


def _write_pair_page(options: Options, written: Path, stats: Stats) -> None:
    from eid_stream.archive.pair_page import write_pair_page

    begins = float(options.start)
    page = write_pair_page(Path(options.source), written, stats.haze.per_second, offset_seconds=begins)
    _say(f"Both beside each other: {page}")


def _report(options: Options, assembly: Assembly, stats: Stats, *, outcome: str, wall_seconds: float) -> None:
    stats.damage = assembly.damage
    _say(summarise(stats, wall_seconds=wall_seconds))
    if options.stats is not None:
        _write_stats(options.stats, statistics(options, assembly, outcome, wall_seconds) | stats.as_dict())


def _run_pipeline(assembly: Assembly, stats: Stats) -> int:
    pipeline = pipeline_of(assembly, stats)
    with Interrupts(pipeline.stop) as interrupts:
        try:
            with shown_progress(Pace(stats, assembly.source.info), sys.stderr):
                pipeline.run(assembly.show)
            assembly.publish(interrupted=interrupts.received is not None)
            raise_lost(pipeline)
        except Exception as error:
            raise with_what_is_left(error, assembly) from error
    if interrupts.received is not None:
        _say(_interruption(interrupts.received.name, stats.position_seconds, assembly))
    finished = assembly.recorder is not None and assembly.recorder.is_published
    return 0 if finished else interrupts.exit_code


def _interruption(signal: str, seconds: float, assembly: Assembly) -> str:
    if assembly.out is None:
        return f"Stopped by {signal} after {seconds:.1f} s."
    if assembly.recorder is not None and assembly.recorder.is_published:
        return f"Asked to stop by {signal} when {assembly.out} was complete."
    left = assembly.left_behind
    kept = f"they are kept in {left}" if left is not None else "nothing of it is kept"
    as_it_was = f" {assembly.out} is as it was." if assembly.out.exists() else ""
    return f"Stopped by {signal}: only the first {seconds:.1f} s were written; {kept}.{as_it_was}"


def pipeline_of(assembly: Assembly, stats: Stats) -> Pipeline:
    """The stages of a run, connected."""
    pipeline = Pipeline(assembly.source, assembly.dehaze, assembly.outlets, stats=stats, prepare=assembly.prepare)
    assembly.ending.call = pipeline.stop
    return pipeline


def raise_lost(pipeline: Pipeline) -> None:
    """Let the exit status tell of an outlet that failed while the others went on."""
    for failure in pipeline.lost.values():
        raise failure


def with_what_is_left(error: Exception, assembly: Assembly) -> EidStreamError:
    """The error of a run that failed, with the file that is left of its output."""
    known = error if isinstance(error, EidStreamError) else unexpected(error)
    left = assembly.left_behind
    if left is None or str(left) in str(known):
        return known
    return type(known)(f"{known} What was written so far is kept in {left}.")


def _check_stats_file(path: Path, options: Options) -> None:
    try:
        usable = path.parent.is_dir() and not path.is_dir()
        taken = [name for name in (options.source, options.out) if name and _same_file(path, Path(name))]
    except OSError as error:  # a name that is too long, say
        raise ConfigError(f"Cannot write the statistics to {path}: {error.strerror}.") from error
    if not usable:
        raise ConfigError(f"Cannot write the statistics to {path}: name a file in a folder that exists.")
    if taken:
        raise ConfigError(f"The statistics would replace the video {taken[0]}: give them a name of their own.")


def _same_file(path: Path, other: Path) -> bool:
    """Whether two names mean one file, also one yet to be written; links are followed."""
    return path.resolve() == other.resolve() or (path.exists() and other.exists() and path.samefile(other))


def statistics(options: Options, assembly: Assembly, outcome: str, wall_seconds: float) -> dict[str, Any]:
    """What a run was, for the statistics."""
    return {
        "version": __version__,
        "outcome": outcome,
        "source": assembly.source.info.address,
        "out": printable(options.out),
        "engine": assembly.engine_name(),
        "engine_choice": list(assembly.engine_choice()),
        "strength": options.strength,
        "wall_seconds": round(wall_seconds, 3),
        "rss_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def _write_stats(path: Path, content: dict[str, Any]) -> None:
    try:
        path.write_text(json.dumps(redacted_values(content), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise SinkWriteError(f"Cannot write the statistics to {path}: {error.strerror}.") from error


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
