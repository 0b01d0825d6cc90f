"""``eid-stream --source PICTURE --out PICTURE``, and a folder of pictures into another folder."""

import json
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from eid_stream import __version__
from eid_stream.app.options.run_options import NULL_ADDRESS, Options
from eid_stream.app.wiring.still_wiring import open_picture_dehazer
from eid_stream.core.errors import ArchiveError, ConfigError, EidStreamError, SinkWriteError
from eid_stream.stills.discovery import find_pictures, is_picture, refuse_inside
from eid_stream.stills.picture_dehazer import PictureDehazer
from eid_stream.stills.picture_file import PictureFile, Samples, check_output, read_picture, write_picture

_FOR_VIDEOS = (
    "start", "duration", "frames", "pair_page", "codec", "quality", "preset", "encoder", "decoder", "keep_clock"
)  # fmt: skip
_TELL_SECONDS = 5.0


@dataclass(slots=True)
class _Done:
    """What became of the pictures."""

    densities: dict[str, list[float]] = field(default_factory=dict)
    """Haze seen in each page of each picture written, in [0, 1]."""
    there: int = 0
    """Outputs that were there already."""
    failed: dict[str, str] = field(default_factory=dict)


def run_pictures(options: Options) -> int:
    """Do what the options say for one picture, or for all of a folder or pattern; returns the exit status.

    A folder's run can be given again: outputs that are there are not made anew, unless with ``--overwrite``.

    Raises:
        EidStreamError: the one picture cannot be read, cleared or written; or some of many could not (ArchiveError).
    """
    _refuse_what_is_for_videos(options)
    began = time.monotonic()
    done = _Done()
    work = _work_of(options)
    if _is_single(options):  # whatever is wrong with it is told before an engine is opened
        _read(options, *next(iter(work.items())))
    with ExitStack() as opened:
        dehazer, sentence = open_picture_dehazer(options, opened)
        _say(sentence)
        _clear_all(dehazer, options, work, done)
    seconds = time.monotonic() - began
    if options.stats is not None:
        _write_statistics(options.stats, done, sentence, seconds)
    _say(f"{_counted(len(done.densities))} cleared in {seconds:.1f} s, mean haze {_mean_haze(done):.2f}.")
    if done.failed:
        raise ArchiveError(f"{_counted(len(done.failed))} could not be cleared: see the sentences above.")
    return 0


def _is_single(options: Options) -> bool:
    return is_picture(options.source) and Path(options.source).is_file()


def _work_of(options: Options) -> dict[Path, Path | None]:
    """The pictures, and where each one goes."""
    if _is_single(options):
        return {Path(options.source): _single_output(options)}
    out = _output_folder(options)
    return {source: out / relative for source, relative in find_pictures(options.source).items()}


def _clear_all(dehazer: PictureDehazer, options: Options, work: dict[Path, Path | None], done: _Done) -> None:
    told, single = time.monotonic(), _is_single(options)
    for number, (source, out) in enumerate(work.items()):
        if not single and out is not None and out.exists() and not options.overwrite:
            done.there += 1
            continue
        try:
            if not single and out is not None:
                _make_folder(out.parent)
            _clear_one(dehazer, options, source, out, done)
        except EidStreamError as error:
            if single:
                raise
            done.failed[str(source)] = str(error)  # one bad picture must not end the run of all others
            _say(f"eid-stream: {error}")
        if time.monotonic() - told > _TELL_SECONDS:
            told = time.monotonic()
            _say(f"{number + 1} of {len(work)} pictures")
    if done.there:
        _say(f"{_counted(done.there)} were there already and stay; --overwrite makes them anew.")


def _clear_one(dehazer: PictureDehazer, options: Options, source: Path, out: Path | None, done: _Done) -> None:
    picture = _read(options, source, out)
    cleared = [dehazer.clear(page) for page in picture.pages]
    if out is not None:
        both = zip(picture.pages, cleared, strict=True)
        write_picture(out, [_compared(before, after.samples, options) for before, after in both], picture)
    done.densities[str(source)] = [round(page.density, 4) for page in cleared]


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SinkWriteError(f"Cannot make the folder {folder}: {error.strerror}. Give another one.") from error


def _read(options: Options, source: Path, out: Path | None) -> PictureFile:
    picture = read_picture(source)
    if out is not None:
        if out.exists() and out.samefile(source):
            raise ConfigError(f"{out} is the source itself. Name another file with --out.")
        check_output(out, picture, overwrite=options.overwrite)
    return picture


def _compared(before: Samples, after: Samples, options: Options) -> Samples:
    if options.compare is None:
        return after
    if options.compare == "side":
        return np.concatenate([before, after], axis=1)
    both, middle = after.copy(), before.shape[1] // 2
    both[:, :middle] = before[:, :middle]
    return both


def _refuse_what_is_for_videos(options: Options) -> None:
    usual = Options(source=options.source)
    for name in (
        "start",
        "duration",
        "frames",
        "pair_page",
        "codec",
        "quality",
        "preset",
        "encoder",
        "decoder",
        "keep_clock",
    ):
        if getattr(options, name) != getattr(usual, name):
            raise ConfigError(
                f"--{name.replace('_', '-')} is for videos; {options.source} means pictures. Leave it out."
            )
    if options.out is None:
        raise ConfigError(f"{options.source} means pictures: name where they go with --out.")


def _single_output(options: Options) -> Path | None:
    if options.out == NULL_ADDRESS:
        return None
    out = Path(str(options.out))
    return out / Path(options.source).name if out.is_dir() else out


def _output_folder(options: Options) -> Path:
    out = Path(str(options.out))
    if options.out in (NULL_ADDRESS, "-") or "://" in str(options.out) or (out.exists() and not out.is_dir()):
        raise ConfigError(f"{options.source} means many pictures: name a folder for them with --out FOLDER.")
    refuse_inside(out, options.source)
    return out


def _write_statistics(path: Path, done: _Done, engine: str, seconds: float) -> None:
    statistics: dict[str, Any] = {
        "eid_stream": __version__,
        "engine": engine,
        "wall_seconds": round(seconds, 3),
        "haze_density": done.densities,
        "there_already": done.there,
        "failed": done.failed,
    }
    try:
        path.write_text(json.dumps(statistics, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise SinkWriteError(f"Cannot write the statistics to {path}: {error.strerror}.") from error


def _mean_haze(done: _Done) -> float:
    pages = [density for page in done.densities.values() for density in page]
    return sum(pages) / len(pages) if pages else 0.0


def _counted(count: int) -> str:
    return f"{count} picture" if count == 1 else f"{count} pictures"


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
