"""Changing a tag of a file that is written already: what it says of itself must be true."""

import mmap
from pathlib import Path


def replace_tag(path: Path, before: str, after: str) -> bool:
    """Write ``after`` over every ``before`` within a file, padded with blanks; False where it is not to be found.

    Tags are plain UTF-8 in every container we write, and nothing moves when their length stays.

    Raises:
        ValueError: ``after`` is longer.
        OSError: the file cannot be written.
    """
    old, new = before.encode(), after.encode()
    if len(new) > len(old):
        raise ValueError(f"{after!r} is longer than {before!r}")
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as content:
        place = content.find(old)
        found = place >= 0
        while place >= 0:
            content[place : place + len(old)] = new.ljust(len(old))
            place = content.find(old, place + len(old))
        content.flush()
    return found
