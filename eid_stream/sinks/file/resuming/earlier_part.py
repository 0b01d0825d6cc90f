"""The unfinished file of a run that was killed, and what of it can be gone on with."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition

from eid_stream.core.errors import SinkOpenError
from eid_stream.core.ffmpeg.media_formats import FILE_ONLY
from eid_stream.core.ffmpeg.pyav_versions import READABLE_METADATA
from eid_stream.sinks.file.claimed_part import is_in_use
from eid_stream.sinks.file.resuming.resume_file import Checkpoint, ResumeFile, Times, read_resume_file

_ALL_OF_IT = {"ignore_editlist": "1"}
_START_CODE = b"\0\0\0\1"
_LENGTH_PREFIXED = ("h264", "hevc")


def resume_path(out: Path) -> Path:
    """Where it is stored what is to be known of an unfinished file."""
    return out.with_name(f"{out.name}.part.resume")


def _aside_path(out: Path) -> Path:
    """Where an unfinished file lies while its packets go into a new one."""
    return out.with_name(f"{out.name}.part.before")


@dataclass(frozen=True, slots=True)
class EarlierPart:
    """What is left of an earlier run of the same command."""

    out: Path
    known: ResumeFile
    """What that run has stored."""
    checkpoint: Checkpoint | None
    """Where to go on; None: from the beginning."""
    held_by: Path
    """The file that holds the packets before it."""

    @property
    def times(self) -> list[Times]:
        """Of the packets that are taken over."""
        return [] if self.checkpoint is None else self.known.times[: self.checkpoint.frames]

    def move_aside(self) -> None:
        """Make room for the new file.

        Raises:
            SinkOpenError: that cannot be done.
        """
        part = self.out.with_name(f"{self.out.name}.part")
        try:
            if self.checkpoint is None:
                self.forget()
            elif self.held_by == part:
                part.replace(_aside_path(self.out))
            part.unlink(missing_ok=True)
        except OSError as error:
            raise SinkOpenError(f"Cannot go on with {part}: {error.strerror}. Check its folder.") from error

    def packets(self) -> Iterator[tuple[bytes, bool]]:
        """The packets to be taken over, as an encoder gives them, and whether a picture stands by itself."""
        if self.checkpoint is not None:
            yield from _packets(_aside_path(self.out), self.checkpoint.frames)

    def forget(self) -> None:
        """Remove what is not needed any more, because all of it stands in the new file."""
        with suppress(OSError):
            _aside_path(self.out).unlink()


def find_earlier(out: Path, key: str) -> EarlierPart | None:
    """What is left of an earlier run to ``out`` of which everything is the same, as ``key`` says; None: nothing is.

    Also None where that run is still at work.
    """
    known = read_resume_file(resume_path(out), key)
    part = out.with_name(f"{out.name}.part")
    if known is None or is_in_use(part) or is_in_use(_aside_path(out)):
        return None
    most = max((one.frames for one in known.checkpoints), default=0)
    count, held_by = max((sum(1 for _ in _packets(path, most)), path) for path in (_aside_path(out), part))
    usable = [one for one in known.checkpoints if one.frames <= count]
    return EarlierPart(out, known, usable[-1] if usable else None, held_by)


def clear_aside(out: Path) -> None:
    """Remove what an earlier run has left aside, which nobody goes on with."""
    with suppress(OSError):
        _aside_path(out).unlink()


def _packets(path: Path, most: int) -> Iterator[tuple[bytes, bool]]:
    """Packets of the picture from the beginning of a file, up to the first damaged one."""
    if not most or not path.exists():
        return
    try:
        with av.open(f"file:{path}", "r", options=_ALL_OF_IT, container_options=FILE_ONLY, **READABLE_METADATA) as file:
            yield from _picture_packets(file, most)
    except (av.FFmpegError, OSError, ValueError, IndexError):
        return


def _picture_packets(file: InputContainer, most: int) -> Iterator[tuple[bytes, bool]]:
    stream = next(stream for stream in file.streams.video if not stream.disposition & Disposition.attached_pic)
    prefixed = stream.codec_context.name in _LENGTH_PREFIXED
    for packet in islice(file.demux(stream), most):
        if not packet.size or packet.is_corrupt:
            return
        yield _as_encoded(bytes(packet)) if prefixed else bytes(packet), packet.is_keyframe


def _as_encoded(content: bytes) -> bytes:
    """Units behind start codes (ITU-T H.264, annex B), as encoders give them; files hold them behind their lengths."""
    units, place = [], 0
    while place + 4 <= len(content):
        end = place + 4 + int.from_bytes(content[place : place + 4], "big")
        units.append(content[place + 4 : end])
        place = end
    return _START_CODE + _START_CODE.join(units)
