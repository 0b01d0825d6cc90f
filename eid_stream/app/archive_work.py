"""An archive from its options to its results: what the command and ``dehaze_folder`` have in common."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from eid_stream.app.options.archive_options import ArchiveOptions
from eid_stream.app.options.run_options import Options
from eid_stream.archive.archive_run import ArchiveRun, Begin, Plan, plan
from eid_stream.archive.discovery import find_videos
from eid_stream.archive.file_run import FileRun
from eid_stream.archive.haze_table import write_haze_table
from eid_stream.archive.manifest import Entry, Manifest
from eid_stream.archive.pair_page import write_pair_pages
from eid_stream.archive.report import write_report
from eid_stream.archive.task import Settings
from eid_stream.core.errors import ArchiveError, ConfigError, SinkOpenError

_PER_VIDEO = (
    "engine",
    "weights",
    "strength",
    "compare",
    "scan",
    "codec",
    "quality",
    "preset",
    "encoder",
    "decoder",
    "frames",
    "fps",
)
"""Options of one video that hold for all of an archive, beside ``black_out``."""


@dataclass(slots=True)
class ArchiveWork:
    """What is to be done."""

    out: Path
    manifest: Manifest
    plan: Plan
    processes: int
    begin: Begin = FileRun
    is_share: bool = False
    """Whether others do the rest, so that nobody can say yet what became of the whole."""

    def run_of(self, say: Callable[[str], None]) -> ArchiveRun:
        """The run that does it; makes the output folder.

        Raises:
            SinkOpenError: it cannot be made.
        """
        try:
            self.out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SinkOpenError(f"Cannot make the folder {self.out}: {error.strerror}. Name another one.") from error
        return ArchiveRun(self.manifest, jobs=self.processes, say=say, begin=self.begin)

    def write_results(self) -> None:
        """The table of haze, the pages of pairs and the report; not where others do the rest.

        Raises:
            SinkWriteError: one cannot be stored.
        """
        if not self.is_share:
            write_haze_table(self.manifest)
            write_pair_pages(self.manifest)
            write_report(self.manifest)

    def raise_failures(self, finished: list[Entry]) -> None:
        """Let the end tell of videos that failed.

        Raises:
            ArchiveError: some did.
        """
        failed = [entry.output for entry in finished if entry.state == "failed"]
        if failed:
            names = ", ".join(failed[:5]) + (", ..." if len(failed) > 5 else "")
            raise ArchiveError(
                f"{len(failed)} of {len(self.plan.tasks)} videos failed: {names}. Their sentences are in the manifest, "
                f"{self.manifest.path}."
            )


def plan_archive(options: Options, archive: ArchiveOptions) -> ArchiveWork:
    """Find the videos and what is left to do.

    Raises:
        ConfigError: the options do not fit an archive, there is no video, or the extra ``ray`` is not installed.
    """
    out = _output_folder(options)
    number, count = archive.shard_number
    videos = find_videos(options.source, as_pictures=options.frames is not None)[number - 1 :: count]
    manifest = Manifest(out, f"{number}-of-{count}" if archive.shard else "")
    found = plan(videos, out, settings_of(options), manifest)
    if not archive.retry_failed:
        found.tasks = [task for task in found.tasks if not _failed(manifest[task.relative])]
    work = ArchiveWork(out, manifest, found, archive.processes, is_share=bool(archive.shard))
    if archive.on:
        from eid_stream.archive.ray_run import RayCluster

        cluster = RayCluster(archive.on.partition(":")[2])
        work.begin, work.processes = cluster.begin, archive.jobs or cluster.places
    return work


def settings_of(options: Options) -> Settings:
    """The options that make the picture, as plain values, without those that are as by default."""
    usual = Options(source=options.source)
    given = {name: getattr(options, name) for name in _PER_VIDEO}
    settings = {name: value for name, value in given.items() if value != getattr(usual, name)}
    if "fps" in settings:
        settings["fps"] = str(options.fps)
    if options.frames is None:
        settings.pop("fps", None)
    if settings.pop("scan", True) is False:
        settings["no_scan"] = True
    if options.black_out:
        settings["black_out"] = list(options.black_out)
    return settings


def _output_folder(options: Options) -> Path:
    if options.out is None or options.out == "-" or "://" in options.out:
        raise ConfigError(f"{options.source} means many videos: name a folder for them with --out FOLDER.")
    refused: dict[str, object] = {
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


def _failed(entry: Entry | None) -> bool:
    return entry is not None and entry.state == "failed"
