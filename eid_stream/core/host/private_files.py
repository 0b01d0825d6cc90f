"""Files that nobody else can have written: what is kept for a machine and runs there may not come from others."""

import os
import stat
from pathlib import Path

_SYSTEM_OWNER = 0


def exposure(path: Path, *, is_folder: bool = False) -> str:
    """Why others could have put this file there; empty if nobody could, or the system has no such notion (Windows).

    It and its folder must belong to this user or to root and be writable by nobody else; no folder above may let others
    rename what is in it. With ``is_folder`` it is asked of anything that lies in the folder ``path``.

    Raises:
        OSError: it cannot be looked at.
    """
    if not hasattr(os, "geteuid"):
        return ""
    whole = path.resolve(strict=True)
    for part in (whole,) if is_folder else (whole, whole.parent):
        facts = part.stat()
        if facts.st_uid not in (os.geteuid(), _SYSTEM_OWNER):
            return f"{part} belongs to another user"
        if facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return f"{part} can be written by others"
    for folder in whole.parents if is_folder else whole.parent.parents:
        mode = folder.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            return f"{folder} can be written by others"
    return ""


def make_private_folder(folder: Path) -> None:
    """Create a folder, and those above it that are missing, for this user alone.

    Raises:
        OSError: it cannot be created.
    """
    for part in (*reversed(folder.parents), folder):
        if not part.is_dir():
            part.mkdir(mode=0o700, exist_ok=True)
