"""A run whose source is a DICOM object: its video is taken out, dehazed, and put back or written as a plain file."""

import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from eid_stream import __version__
from eid_stream.app.options.run_options import NULL_ADDRESS, Options
from eid_stream.core.errors import SinkOpenError
from eid_stream.dicom.derived_object import write_derived
from eid_stream.dicom.encapsulated_video import extract_video

EXTENSION = ".dcm"


def run_dicom(options: Options, run: Callable[[Options], int]) -> int:
    """Do what the options say with the video inside the object; ``run`` is the run of a plain file.

    Raises:
        EidStreamError: the object or its video cannot be used, or the output cannot be written.
    """
    source = Path(options.source)
    out = None if options.out in (None, NULL_ADDRESS) else Path(str(options.out))
    with tempfile.TemporaryDirectory(prefix=".eid-stream-", dir=_beside(out)) as folder:
        video = Path(folder) / source.stem
        extract_video(source, video)
        if out is None or out.suffix.lower() != EXTENSION:
            return run(replace(options, source=str(video)))
        _refuse_existing(out, overwrite=options.overwrite)
        cleared = Path(folder) / "cleared.mp4"
        status = run(replace(options, source=str(video), out=str(cleared), codec=options.codec or "h264"))
        if status == 0:
            whole = Path(folder) / out.name
            write_derived(source, cleared, whole, description=_description(options))
            whole.replace(out)
            sys.stderr.write(f"Written as a derived DICOM object: {out}. Names in its picture are not removed.\n")
        return status


def _beside(out: Path | None) -> Path | None:
    """Where large files may lie while they are made: the output's own disk."""
    return out.parent if out is not None and out.parent.is_dir() else None


def _refuse_existing(out: Path, *, overwrite: bool) -> None:
    if out.exists() and not overwrite:
        raise SinkOpenError(f"The output {out} exists already. Give another name, or --overwrite.")
    if not out.parent.is_dir():
        raise SinkOpenError(f"The folder {out.parent} of the output does not exist. Create it, or give another one.")


def _description(options: Options) -> str:
    return (
        f"Surgical smoke removed by eid-stream {__version__}, strength {options.strength:g}. "
        "Enhanced picture, not for diagnosis."
    )
