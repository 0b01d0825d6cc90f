"""The recordings and pictures in the screenshot folder: nothing else can be read."""

import stat
from dataclasses import dataclass
from pathlib import Path

SUFFIXES = {".mkv": "video/x-matroska", ".mp4": "video/mp4", ".mov": "video/quicktime", ".png": "image/png"}
_MOST_LISTED = 500


@dataclass(frozen=True, slots=True)
class SavedFile:
    """One finished file."""

    name: str
    size_bytes: int
    modified: float
    """Seconds since 1970."""


class SavedFiles:
    """Lists finished files right in a folder; links, hidden and unfinished files do not count."""

    def __init__(self, folder: Path) -> None:
        """Look at ``folder`` whenever asked."""
        self._folder = folder

    def listed(self) -> list[SavedFile]:
        """The newest files first."""
        try:
            found = [saved for path in self._folder.iterdir() if (saved := _looked_at(path)) is not None]
        except OSError:
            return []
        return sorted(found, key=lambda saved: saved.modified, reverse=True)[:_MOST_LISTED]

    def find(self, name: str) -> tuple[Path, str] | None:
        """Path and media type of a file of exactly this name in the folder; None when there is none."""
        if not name or "/" in name or "\\" in name or "\0" in name:
            return None
        path = self._folder / name
        return (path, SUFFIXES[path.suffix.lower()]) if _looked_at(path) is not None else None


def _looked_at(path: Path) -> SavedFile | None:
    if path.name.startswith(".") or path.suffix.lower() not in SUFFIXES:
        return None
    try:
        found = path.lstat()
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return SavedFile(path.name, found.st_size, found.st_mtime)
