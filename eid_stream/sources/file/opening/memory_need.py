"""Whether a picture is too large for the memory that is left, asked before anything is decoded."""

from pathlib import Path

from eid_stream.core.errors import SourceOpenError

PICTURES_IN_MEMORY = 110
"""So many pictures lie at once in the decoder, the handoffs and the slowest encoder: 8K HEVC to HEVC took 5.1 GiB."""
_MEMORY, _LIMIT, _USED = (
    Path("/proc/meminfo"),
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory.current"),
)
_GIB = 1 << 30


def refuse_too_large(label: str, width: int, height: int, picture_bytes: int) -> None:
    """Refuse a video whose pictures would not fit into memory.

    Raises:
        SourceOpenError: they would not.
    """
    needed, left = picture_bytes * PICTURES_IN_MEMORY, available_bytes()
    if left is not None and needed > left:
        raise SourceOpenError(
            f"The picture of {label} is {width}x{height}, which takes up to {needed / _GIB:.1f} GiB of memory; "
            f"{left / _GIB:.1f} GiB are left. Close other programs, or scale the video down first."
        )


def available_bytes() -> int | None:
    """Memory that can still be had, by the machine and by the limit of a container; None where nobody tells."""
    machine = _number(_MEMORY, "MemAvailable:", 1024)
    limit, used = _number(_LIMIT, "", 1), _number(_USED, "", 1)
    told = [machine, None if limit is None or used is None else limit - used]
    return min((amount for amount in told if amount is not None), default=None)


def _number(path: Path, after: str, unit: int) -> int | None:
    try:
        words = path.read_text(encoding="ascii").partition(after)[2].split() if after else path.read_text().split()
        return int(words[0]) * unit
    except (OSError, ValueError, IndexError):
        return None
