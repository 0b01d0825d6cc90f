"""What a file is that is no video, or none that can be shown, told by its first bytes."""

from itertools import pairwise

HEAD_BYTES = 1 << 16
"""So much of a file's beginning is enough to recognise it."""
_MPEG2_MARK = 0b10
"""How the byte with the scrambling bits begins in MPEG-2; MPEG-1 has none."""
_TS_PACKET_BYTES = (188, 192, 204)
_SIGNATURES = (
    (0, b"PK\x03\x04", "a ZIP archive. Unpack it first"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive. Unpack it first"),
    (0, b"Rar!", "a RAR archive. Unpack it first"),
    (0, b"\x1f\x8b", "compressed with gzip. Unpack it first"),
    (0, b"%PDF", "a PDF document. Give a video file"),
    (257, b"ustar", "a tar archive. Unpack it first"),
)
_DICOM = "a DICOM object. Give the file itself as --source, and --out: it is converted to a file, not shown"
_TEXT = "a text, such as a playlist or a list of files, not a video. Give a file with moving pictures"
_ENCRYPTED = "encrypted, and there is no key. Give the video as it was before it was protected"
_PRINTED = bytes([7, 8, 9, 10, 12, 13, 27, *range(32, 256)])
"""Bytes that texts consist of, drawings in letters among them, which FFmpeg can show as moving pictures."""


def what_else(head: bytes) -> str:
    """Say what a file is, and what to do, if it is known and no video that can be shown; empty otherwise."""
    if head[128:132] == b"DICM":
        return _DICOM
    for place, signature, what in _SIGNATURES:
        if head[place : place + len(signature)] == signature:
            return what
    if head and not head.translate(None, _PRINTED):
        return _TEXT
    return _ENCRYPTED if _is_scrambled_ts(head) or _is_scrambled_ps(head) else ""


def encrypted(label: str) -> str:
    """The sentence about a video that is encrypted."""
    return f"{label} is {_ENCRYPTED}."


def index_comes_last(head: bytes) -> bool:
    """Whether this is an MP4 whose samples come before the index that says what they are."""
    place = 0
    while place + 8 <= len(head):
        size, kind = int.from_bytes(head[place : place + 4], "big"), head[place + 4 : place + 8]
        if kind in (b"moov", b"moof"):
            return False
        if kind == b"mdat":
            return True
        if (place == 0 and kind not in (b"ftyp", b"wide", b"free", b"skip", b"styp")) or size < 8:
            return False
        place += size
    return False


def _is_scrambled_ts(head: bytes) -> bool:
    """Whether most packets of a transport stream say that their content is scrambled."""
    for size in _TS_PACKET_BYTES:
        for first in range(min(size, len(head))):
            starts = range(first, len(head) - 3, size)
            if len(starts) > 8 and all(head[start] == 0x47 for start in starts[:8]):
                flags = [head[start + 3] >> 6 for start in starts if head[start] == 0x47]
                return sum(flag > 1 for flag in flags) > len(flags) // 2
    return False


def _is_scrambled_ps(head: bytes) -> bool:
    """Whether pictures of a programme stream (DVD) say that they are scrambled."""
    if head[:4] != b"\x00\x00\x01\xba":
        return False
    flags = [head[place + 6] for place in _places(head, b"\x00\x00\x01\xe0") if place + 6 < len(head)]
    of_mpeg2 = [flag for flag in flags if flag >> 6 == _MPEG2_MARK]
    return sum(flag >> 4 & 3 > 0 for flag in of_mpeg2) > len(of_mpeg2) // 2


def _places(head: bytes, what: bytes) -> list[int]:
    pieces = head.split(what)
    places = [0]
    for before, _ in pairwise(pieces):
        places.append(places[-1] + len(before) + len(what))
    return [place - len(what) for place in places[1:]]
