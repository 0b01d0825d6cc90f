"""The boxes that an MP4 or QuickTime file consists of (ISO/IEC 14496-12, 4.2), as far as FFmpeg does not tell them."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_TO_THE_END = 0
_LARGE = 1
_HEADER_BYTES = 8


@dataclass(frozen=True, slots=True)
class Box:
    """One box: its kind, and where its content begins and ends in the file."""

    kind: bytes
    begin: int
    end: int


def boxes(file: IO[bytes], begin: int, end: int) -> Iterator[Box]:
    """Yield the boxes that lie one behind the other in a stretch of a file; stops at what is no box."""
    while begin + _HEADER_BYTES <= end:
        file.seek(begin)
        header = file.read(2 * _HEADER_BYTES)
        size, content = int.from_bytes(header[:4], "big"), begin + _HEADER_BYTES
        if size == _LARGE:
            size, content = int.from_bytes(header[8:16], "big"), begin + 2 * _HEADER_BYTES
        elif size == _TO_THE_END:
            size = end - begin
        if begin + size < content:
            return
        yield Box(header[4:8], content, begin + size)
        begin += size


def find(file: IO[bytes], path: tuple[bytes, ...], begin: int, end: int) -> Iterator[Box]:
    """Yield every box of a path of kinds, such as ``(b"moov", b"trak")``."""
    for box in boxes(file, begin, end):
        if box.kind == path[0]:
            yield from find(file, path[1:], box.begin, min(box.end, end)) if len(path) > 1 else (box,)


def is_cut(path: Path) -> bool:
    """Whether a box of the file ends behind the file."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        return any(box.end > size for box in boxes(file, 0, size))
