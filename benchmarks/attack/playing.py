"""Whether what an attack left behind plays."""

from pathlib import Path

import av


def pictures(path: Path) -> int:
    """How many pictures can be decoded; 0 where it is no video, or none that can be opened."""
    try:
        with av.open(str(path)) as container:
            return sum(1 for _ in container.decode(video=0))
    except (av.FFmpegError, IndexError):
        return 0
