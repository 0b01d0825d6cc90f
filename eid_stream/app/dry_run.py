"""What an archive run would do, told before it does it."""

from pathlib import Path

import av

from eid_stream.archive.archive_run import Plan, counted

_MOST_NAMES = 5


def told(found: Plan, processes: int) -> str:
    """How many videos, how long, how large, and how long it takes by what earlier videos took."""
    sources = [task.source for task in found.tasks]
    lengths = {source: _seconds(source) for source in sources}
    size = sum(source.stat().st_size for source in sources)
    lines = [f"{task.source} -> {task.output}" for task in found.tasks]
    lines.append(
        f"{counted(len(sources))} to do: {_clock(sum(filter(None, lengths.values())))} of video, {_bytes(size)}; "
        f"{len(found.done)} done."
    )
    unknown = [str(source) for source, seconds in lengths.items() if seconds is None]
    if unknown:
        more = ", ..." if len(unknown) > _MOST_NAMES else ""
        lines.append(f"Not counted, since their headers do not tell: {', '.join(unknown[:_MOST_NAMES])}{more}.")
    lines += _by_what_earlier_ones_took(found, size, processes)
    return "\n".join(lines)


def _by_what_earlier_ones_took(found: Plan, size: int, processes: int) -> list[str]:
    done_bytes = sum(entry.source_bytes for entry in found.done)
    took_seconds = sum(entry.wall_seconds for entry in found.done)
    if not (done_bytes and took_seconds and size):
        return []
    left = _clock(size * took_seconds / done_bytes / processes)
    return [f"By what those that are done took, this takes about {left} with {processes} at once."]


def _seconds(path: Path) -> float | None:
    """By the header alone; None where it cannot be read or does not tell."""
    try:
        with av.open(str(path)) as container:
            return None if container.duration is None else container.duration / av.time_base
    except (OSError, ValueError):  # PyAV's own errors are among them
        return None


def _clock(seconds: float) -> str:
    minutes, whole = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{whole:02d}"


def _bytes(size: int) -> str:
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 else f"{size / 2**20:.1f} MiB"
