"""``eid-stream --source FOLDER --out FOLDER``: many videos as one run that can be taken up again."""

import sys

from eid_stream.app.archive_work import ArchiveWork, plan_archive
from eid_stream.app.ending.interrupts import Interrupts
from eid_stream.app.options.archive_options import ArchiveOptions
from eid_stream.app.options.run_options import Options
from eid_stream.archive.archive_run import Plan
from eid_stream.archive.manifest import Entry


def run_archive(options: Options, archive: ArchiveOptions) -> int:
    """Do what is left of an archive and return the exit status.

    Raises:
        ConfigError: the options do not fit an archive, or there is no video.
        SinkOpenError: the output folder cannot be made.
        ArchiveError: videos failed; all others are done.
    """
    work = plan_archive(options, archive)
    if archive.dry_run:
        _say(_told(work.plan, work.processes))
        return 0
    run = work.run_of(_say)
    with Interrupts(run.stop) as interrupts:
        finished = run.run(work.plan.tasks)
    work.write_results()
    return _ended(work, finished, interrupts)


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


def _ended(work: ArchiveWork, finished: list[Entry], interrupts: Interrupts) -> int:
    done = sum(entry.state == "done" for entry in finished)
    if interrupts.received is not None:
        left = len(work.plan.tasks) - done
        _say(f"Stopped by {interrupts.received.name}: {done} videos done, {left} left. The same command goes on.")
        return interrupts.exit_code
    failed = sum(entry.state == "failed" for entry in finished)
    _say(f"{done} videos done, {len(work.plan.done)} were done before, {failed} failed.")
    work.raise_failures(finished)
    return 0


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
