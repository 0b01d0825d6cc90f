"""A file from hazy to clear: ``from eid_stream import dehaze_file``."""

import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from eid_stream.core.engine_names import EngineName
from eid_stream.core.errors import ConfigError

if TYPE_CHECKING:
    from eid_stream.app.wiring.assembly import Assembly
    from eid_stream.core.frame import StreamInfo
    from eid_stream.flow.pipeline import Pipeline
    from eid_stream.flow.stats import Stats

_PROGRESS_SECONDS = 0.2
_LIVE = "{} is live: dehaze_file converts files. Use the command eid-stream for it."


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a conversion is."""

    frames: int
    """Frames written so far."""
    seconds: float
    """Presentation time of the latest, counted from the first."""
    done: float | None
    """Share of the work in [0, 1]; None where the length of the video is not known."""


def dehaze_file(
    source: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    engine: EngineName = "auto",
    strength: float = 1.0,
    compare: Literal["split", "side"] | None = None,
    start: float = 0.0,
    duration: float | None = None,
    scan: bool = True,
    black_out: Sequence[tuple[int, int, int, int]] = (),
    overwrite: bool = False,
    codec: str | None = None,
    quality: float | None = None,
    preset: str | None = None,
    encoder: Literal["software", "auto", "nvenc", "vaapi", "qsv"] = "software",
    progress: Callable[[Progress], None] | None = None,
) -> dict[str, Any]:
    """Do what ``eid-stream --source SOURCE --out OUT`` does, and return what ``--stats`` writes.

    The arguments are the command's; ``start`` and ``duration`` are seconds, ``black_out`` holds
    rectangles (left, top, width, height) in pixels, and ``out`` may be ``"null:"``, which
    keeps nothing. ``progress`` is called in the calling thread about five times a second and once at the end; whatever
    it raises, or a KeyboardInterrupt, ends the run in good order and is raised: what was written so far is not given
    the name ``out``.

    Raises:
        ConfigError: an argument cannot be used, or the source is live: a camera or a stream.
        SourceError, EngineError, SinkError: as the command says in one sentence.
    """
    from eid_stream.app.options.live_options import LiveOptions
    from eid_stream.app.options.run_options import Options, parse_seconds
    from eid_stream.app.run import pipeline_of, statistics
    from eid_stream.app.wiring.assembly import assemble
    from eid_stream.app.wiring.beginning import Beginning
    from eid_stream.core.host.redaction import redacted, redacted_values
    from eid_stream.flow.stats import Stats
    from eid_stream.sources.address import is_live

    options = Options(
        source=os.fspath(source),
        out=os.fspath(out),
        engine=engine,
        strength=strength,
        compare=compare,
        start=parse_seconds(f"{start:f}"),
        duration=None if duration is None else parse_seconds(f"{duration:f}"),
        scan=scan,
        black_out=tuple(",".join(map(str, rectangle)) for rectangle in black_out),
        overwrite=overwrite,
        codec=codec,
        quality=quality,
        preset=preset,
        encoder=encoder,
    )
    if is_live(options.source):
        raise ConfigError(_LIVE.format(redacted(options.source)))
    stats, began = Stats(), time.monotonic()
    live = LiveOptions(window=False)
    with Beginning(options, live) as beginning:
        assembly = assemble(beginning, options, live, stats)
    with assembly.parts:
        if assembly.source.info.live:
            raise ConfigError(_LIVE.format(assembly.source.info.address))
        _watched(assembly, pipeline_of(assembly, stats), stats, progress)
        stats.damage = assembly.damage
        facts = statistics(options, assembly, "finished", time.monotonic() - began)
        report: dict[str, Any] = redacted_values(facts | stats.as_dict())
        return report


def _watched(
    assembly: "Assembly", pipeline: "Pipeline", stats: "Stats", progress: Callable[[Progress], None] | None
) -> None:
    """Run the pipeline in another thread, so that the callback has this one."""
    from eid_stream.app.run import raise_lost, with_what_is_left

    failures: list[BaseException] = []
    run = threading.Thread(target=_run, args=(pipeline, failures), name="run", daemon=True)
    run.start()
    try:
        while run.is_alive():
            run.join(_PROGRESS_SECONDS)
            if progress is not None:
                progress(_progress(stats, assembly.source.info))
    except BaseException:
        pipeline.stop()
        run.join()
        raise
    try:
        for failure in failures:
            raise failure
        assembly.publish(interrupted=False)
        raise_lost(pipeline)
    except Exception as error:
        raise with_what_is_left(error, assembly) from error
    if progress is not None:
        progress(replace(_progress(stats, assembly.source.info), done=1.0))


def _run(pipeline: "Pipeline", failures: list[BaseException]) -> None:
    try:
        pipeline.run()
    except BaseException as failure:
        failures.append(failure)


def _progress(stats: "Stats", info: "StreamInfo") -> Progress:
    from eid_stream.app.telling.progress import Pace

    pace = Pace(stats, info)
    return Progress(pace.frames, stats.position_seconds, pace.done)
