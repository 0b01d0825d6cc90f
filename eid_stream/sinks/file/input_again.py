"""The input of a recording, opened a second time for what lies beside its pictures."""

from pathlib import Path

import av
from av.container import InputContainer

from eid_stream.core.ffmpeg.media_formats import FILE_ONLY
from eid_stream.core.ffmpeg.pyav_versions import READABLE_METADATA
from eid_stream.core.frame import StreamInfo
from eid_stream.sinks.file.side.source_copy import Reopenable


class FileAgain:
    """A file that is opened a second time."""

    can_go_back = True

    def __init__(self, path: Path) -> None:
        """Open nothing yet."""
        self._path = path

    def open(self) -> InputContainer:
        """Open it at its beginning."""
        container: InputContainer = av.open(f"file:{self._path}", "r", container_options=FILE_ONLY, **READABLE_METADATA)
        return container

    def finish(self, container: InputContainer) -> None:
        """Close what ``open`` returned."""
        container.close()


def file_of(copy_from: Path | Reopenable | None, info: StreamInfo) -> Path | None:
    """The input, where it is a file: it must not be the output."""
    if isinstance(copy_from, Path):
        return copy_from
    path: Path | None = getattr(copy_from, "path", None)
    return path or Path(info.address)
