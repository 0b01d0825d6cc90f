"""``eid-stream --source FOLDER --out FOLDER``: many videos as one run that can be taken up again."""

import sys

from eid_stream.app.archive_work import ArchiveWork, plan_archive
from eid_stream.app.ending.interrupts import Interrupts
from eid_stream.app.options.archive_options import ArchiveOptions
from eid_stream.app.options.run_options import Options
from eid_stream.archive.archive_run import counted
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
        from eid_stream.app.dry_run import told

        _say(told(work.plan, work.processes))
        return 0
    run = work.run_of(_say)
    with Interrupts(run.stop) as interrupts:
        finished = run.run(work.plan.tasks)
    work.write_results()
    return _ended(work, finished, interrupts)


def _ended(work: ArchiveWork, finished: list[Entry], interrupts: Interrupts) -> int:
    done, failed = (sum(entry.state == state for entry in finished) for state in ("done", "failed"))
    if interrupts.received is not None:
        left = len(work.plan.tasks) - done - failed
        _say(f"Stopped by {interrupts.received.name}: {counted(done)} done, {failed} failed, {left} left. "
             "The same command goes on.")  # fmt: skip
        return interrupts.exit_code
    _say(f"{counted(done)} done, {len(work.plan.done)} done before, {failed} failed.")
    work.raise_failures(finished)
    return 0


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
