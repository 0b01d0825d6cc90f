"""Which videos an archive run is about, and where each one's output goes."""

import glob
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from eid_stream.core.errors import ConfigError

VIDEO_EXTENSIONS = frozenset(
    {".avi", ".dcm", ".dv", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".mxf"}
    | {".ogv", ".ts", ".vob", ".webm", ".wmv"}
)
"""Files of a folder that are taken for videos; lists and patterns name what they mean themselves."""
WRITTEN_EXTENSIONS = frozenset({".dcm", ".m4v", ".mkv", ".mov", ".mp4"})
_LIST_EXTENSIONS = (".txt", ".list")
_Naming = Callable[[Path], Path]


@dataclass(frozen=True, slots=True)
class ArchiveVideo:
    """One video of an archive."""

    source: Path
    """Where it is."""
    relative: Path
    """Where its output goes, below the output folder."""


def is_archive(source: str) -> bool:
    """Whether an address means many videos: a folder, a pattern with ``*``, ``?`` or ``[``, or a text file of paths."""
    if os.path.exists(source):  # noqa: PTH110 - Path.exists raises where a name is too long
        return os.path.isdir(source) or source.lower().endswith(_LIST_EXTENSIONS)  # noqa: PTH112
    return "://" not in source and not source.startswith("phantom:") and glob.has_magic(source)


def holds_video(source: str) -> bool:
    """Whether a folder, or what a pattern matches, has the name of a video among its files."""
    if os.path.isdir(source):  # noqa: PTH112
        return bool(_in_folder(Path(source), _written_name))
    return any(Path(name).suffix.lower() in VIDEO_EXTENSIONS for name in glob.iglob(source, recursive=True))  # noqa: PTH207


def find_videos(source: str, *, as_pictures: bool = False) -> list[ArchiveVideo]:
    """All videos that an address means, in the order of their names; a list keeps its own.

    ``as_pictures``: what is written of each one is a folder of its name.

    Raises:
        ConfigError: there is none, a list names a file that is missing, or two would be written to one name.
    """
    name_of = _folder_name if as_pictures else _written_name
    if os.path.isdir(source):  # noqa: PTH112
        videos = _in_folder(Path(source), name_of)
    elif Path(source).is_file():
        videos = _below_common_folder(_listed(Path(source)), name_of)
    else:
        found = sorted(Path(name) for name in glob.glob(source, recursive=True))  # noqa: PTH207
        videos = _below_common_folder(found, name_of)
    if not videos:
        raise ConfigError(
            f"{source} holds no video. Looked for {', '.join(sorted(VIDEO_EXTENSIONS))}; "
            "name a folder of videos, a pattern in quotes, or a text file with one path a line."
        )
    _refuse_collisions(videos)
    return videos


def _in_folder(folder: Path, name_of: _Naming) -> list[ArchiveVideo]:
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in VIDEO_EXTENSIONS and path.is_file())
    return [ArchiveVideo(path, name_of(path.relative_to(folder))) for path in found]


def _listed(list_file: Path) -> list[Path]:
    try:
        lines = list_file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The list {list_file} cannot be read: {error}. It must hold one path a line.") from error
    named = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    paths = [list_file.parent / name for name in named]  # an absolute path stays what it is
    for path in paths:
        if not path.is_file():
            raise ConfigError(f"The list {list_file} names {path}, which is no file. Correct the line or remove it.")
    return paths


def _below_common_folder(paths: list[Path], name_of: _Naming) -> list[ArchiveVideo]:
    files = [path for path in paths if path.is_file()]
    if not files:
        return []
    common = Path(os.path.commonpath([path.resolve().parent for path in files]))
    return [ArchiveVideo(path, name_of(path.resolve().relative_to(common))) for path in files]


def _written_name(relative: Path) -> Path:
    """The same name; a container that is not written becomes Matroska, which holds everything."""
    if relative.suffix.lower() in WRITTEN_EXTENSIONS:
        return relative
    return relative.with_name(f"{relative.name}.mkv")


def _folder_name(relative: Path) -> Path:
    return relative.with_suffix("")


def _refuse_collisions(videos: list[ArchiveVideo]) -> None:
    seen: dict[Path, Path] = {}
    for video in videos:
        other = seen.setdefault(video.relative, video.source)
        if other != video.source:
            raise ConfigError(
                f"{other} and {video.source} would both be written as {video.relative}. Rename one of them."
            )
