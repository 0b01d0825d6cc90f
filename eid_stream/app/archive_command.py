"""``eid-stream --source FOLDER --out FOLDER``: many videos as one run that can be taken up again."""

import sys
from dataclasses import replace
from pathlib import Path

from eid_stream.app.interrupts import Interrupts
from eid_stream.app.options.archive_options import ArchiveOptions
from eid_stream.app.options.run_options import Options
from eid_stream.archive.archive_run import ArchiveRun, Plan, plan
from eid_stream.archive.discovery import find_videos
from eid_stream.archive.haze_table import write_haze_table
from eid_stream.archive.manifest import Entry, Manifest
from eid_stream.archive.pair_page import write_pair_pages
from eid_stream.archive.report import write_report
from eid_stream.archive.task import Settings
from eid_stream.core.errors import ArchiveError, ConfigError, SinkOpenError

_PER_VIDEO = ("engine", "weights", "strength", "compare", "codec", "quality", "preset")
"""Options of one video that hold for all of an archive."""


def run_archive(options: Options, archive: ArchiveOptions) -> int:
    """Do what is left of an archive and return the exit status.

    Raises:
        ConfigError: the options do not fit an archive, or there is no video.
        SinkOpenError: the output folder cannot be made.
        ArchiveError: videos failed; all others are done.
    """
    out = _output_folder(options)
    videos = find_videos(options.source)
    manifest = Manifest(out)
    found = plan(videos, out, settings_of(options), manifest)
    if not archive.retry_failed:
        found.tasks = [task for task in found.tasks if not _failed(manifest[task.relative])]
    if archive.dry_run:
        _say(_told(found, archive.processes))
        return 0
    _make(out)
    run = ArchiveRun(manifest, jobs=archive.processes)
    with Interrupts(run.stop) as interrupts:
        finished = run.run(found.tasks)
    write_haze_table(manifest)
    write_pair_pages(manifest)
    write_report(manifest)
    return _ended(found, finished, interrupts)


def settings_of(options: Options) -> Settings:
    """The options that make the picture, without those that are as by default."""
    usual = Options(source=options.source)
    given = {name: getattr(options, name) for name in _PER_VIDEO}
    return {name: value for name, value in given.items() if value != getattr(usual, name)}


def _output_folder(options: Options) -> Path:
    if options.out is None or options.out == "-" or "://" in options.out:
        raise ConfigError(f"{options.source} means many videos: name a folder for them with --out FOLDER.")
    refused: dict[str, object] = {
        "--frames": options.frames,
        "--start": options.start,
        "--duration": options.duration,
        "--stats": options.stats,
    }
    for name, value in refused.items():
        if value:
            raise ConfigError(f"{name} is for one video; {options.source} means many. Leave it out.")
    out = Path(options.out)
    if out.exists() and not out.is_dir():
        raise ConfigError(f"{out} is a file; {options.source} means many videos. Name a folder with --out.")
    source = Path(options.source)
    if source.is_dir() and out.resolve().is_relative_to(source.resolve()):
        raise ConfigError(
            f"{out} lies inside {source}, and its videos would be taken for new ones. Name another folder."
        )
    return out


def _make(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SinkOpenError(f"Cannot make the folder {out}: {error.strerror}. Name another one.") from error


def _failed(entry: Entry | None) -> bool:
    return entry is not None and entry.state == "failed"


def _told(found: Plan, processes: int) -> str:
    """What would be done: how many videos, how large, and how long by what earlier videos took."""
    lines = [f"{task.source} -> {task.output}" for task in found.tasks]
    size = sum(task.source.stat().st_size for task in found.tasks)
    lines.append(f"{len(found.tasks)} videos to do, {size / 2**30:.2f} GiB; {len(found.done)} are done.")
    sizes, seconds = (sum(getattr(entry, name) for entry in found.done) for name in ("source_bytes", "wall_seconds"))
    if sizes and seconds and size:
        hours = size * seconds / sizes / processes / 3600
        lines.append(f"By what those took, that is about {hours:.1f} hours with {processes} at once.")
    return "\n".join(lines)


def _ended(found: Plan, finished: list[Entry], interrupts: Interrupts) -> int:
    done = sum(entry.state == "done" for entry in finished)
    failed = [replace(entry) for entry in finished if entry.state == "failed"]
    if interrupts.received is not None:
        left = len(found.tasks) - done
        _say(f"Stopped by {interrupts.received.name}: {done} videos done, {left} left. The same command goes on.")
        return interrupts.exit_code
    _say(f"{done} videos done, {len(found.done)} were done before, {len(failed)} failed.")
    if failed:
        names = ", ".join(entry.output for entry in failed[:5]) + (", ..." if len(failed) > 5 else "")
        raise ArchiveError(f"{len(failed)} of {len(found.tasks)} videos failed: {names}. See the sentences above.")
    return 0


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
