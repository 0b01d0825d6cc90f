"""Many videos from hazy to clear: ``from eid_stream import dehaze_folder``."""

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from fractions import Fraction
from typing import Any, Literal

from eid_stream.core.engine_names import EngineName


def dehaze_folder(
    source: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    jobs: int | None = None,
    retry_failed: bool = True,
    shard: str = "",
    on: str = "",
    engine: EngineName = "auto",
    strength: float = 1.0,
    compare: Literal["split", "side"] | None = None,
    scan: bool = True,
    black_out: Sequence[tuple[int, int, int, int]] = (),
    frames: Literal["png", "jpg"] | None = None,
    fps: float = 1.0,
    codec: str | None = None,
    quality: float | None = None,
    preset: str | None = None,
    encoder: Literal["software", "auto", "nvenc", "vaapi", "qsv"] = "software",
    say: Callable[[str], None] = lambda _: None,
) -> list[dict[str, Any]]:
    """Do what ``eid-stream --source FOLDER --out FOLDER`` does, and return the manifest: a dictionary for every video.

    ``source`` is a folder, a pattern or a text file of paths. What is done is skipped and what was interrupted goes on
    where it ended, whoever began it, this function or the command. ``say`` hears the lines that the command writes.
    A KeyboardInterrupt ends the run in good order and is raised.

    Raises:
        ConfigError: an argument cannot be used, or there is no video.
        SinkError: the folder cannot be made, or what lies beside the videos cannot be written.
        ArchiveError: videos failed; all others are done.
    """
    from eid_stream.app.archive_work import plan_archive
    from eid_stream.app.options.archive_options import ArchiveOptions
    from eid_stream.app.options.run_options import Options

    options = Options(
        source=os.fspath(source),
        out=os.fspath(out),
        engine=engine,
        strength=strength,
        compare=compare,
        scan=scan,
        black_out=tuple(",".join(map(str, rectangle)) for rectangle in black_out),
        frames=frames,
        fps=Fraction(fps).limit_denominator(1000),
        codec=codec,
        quality=quality,
        preset=preset,
        encoder=encoder,
    )
    work = plan_archive(options, ArchiveOptions(jobs=jobs, retry_failed=retry_failed, shard=shard, on=on))
    finished = work.run_of(say).run(work.plan.tasks)
    work.write_results()
    work.raise_failures(finished)
    return [asdict(entry) for entry in work.manifest.entries]
