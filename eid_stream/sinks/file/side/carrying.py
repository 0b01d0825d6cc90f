"""Whether a container can carry a stream, asked of the container itself: by a rehearsal."""

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Stream

from eid_stream.core.ffmpeg.mp4_boxes import find
from eid_stream.core.ffmpeg.pyav_versions import READABLE_METADATA
from eid_stream.sinks.encoding.container_choice import CONTAINERS, ContainerChoice
from eid_stream.sinks.file.side.stream_copy import Form, forms_of, is_as_it_is

_SAMPLES_A_STREAM = 4
_MOST_PACKETS, _MOST_BYTES = 2000, 16 << 20
_SHORT_SECONDS = Fraction(1, 50)
_DESCRIPTION_BYTES = 16
"""A sample description of ISO/IEC 14496-12 (8.5.2) is at least so long."""
_STSD = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")


@dataclass(frozen=True, slots=True)
class Carriage:
    """How a container carries a stream."""

    form: Form
    unlisted: bool = False
    """The container's writer takes it although PyAV's list of what it takes does not have it."""


def open_output(path: Path, choice: ContainerChoice, *, unlisted: bool) -> OutputContainer:
    """Open a file for writing; ``unlisted``: by way of FFmpeg's tee, which asks nobody else what it takes."""
    if not unlisted:
        return av.open(f"file:{path}", "w", format=choice.format, container_options=choice.options)
    told = ":".join([f"f={choice.format}", "onfail=abort", *(f"{k}={v}" for k, v in choice.options.items())])
    return av.open(f"[{told}]file:{_escaped(str(path))}", "w", format="tee")


def sample_packets(source: InputContainer) -> "dict[int, list[Packet[Stream]]]":
    """The first packets of every stream beside the picture, as far as they lie near the beginning of the file."""
    samples: dict[int, list[Packet[Stream]]] = {stream.index: [] for stream in source.streams}
    total = 0
    try:
        for count, packet in enumerate(source.demux()):
            total += packet.size
            kept = samples.get(packet.stream.index, [])
            if packet.size and len(kept) < _SAMPLES_A_STREAM and packet.stream.type != "video":
                kept.append(packet)
            heard = (len(samples[s.index]) >= _SAMPLES_A_STREAM for s in source.streams if s.type == "audio")
            if count > _MOST_PACKETS or total > _MOST_BYTES or (count > 200 and all(heard)):
                break
    except (av.FFmpegError, IndexError):
        pass  # a damaged file: what was read so far has to do
    return samples


def find_carriage(stream: Stream, samples: "Sequence[Packet[Stream]]", choice: ContainerChoice) -> Carriage | None:
    """The most faithful way in which a container takes a stream, tried with its first packets; None without any."""
    for form in forms_of(stream, choice):
        if _survives(stream, samples, choice, Carriage(form)):
            return Carriage(form)
        unlisted = Carriage(form, unlisted=True)
        if choice.format == "matroska" and is_as_it_is(form) and _survives(stream, samples, choice, unlisted):
            return unlisted
    return None


def others_that_carry(stream: Stream, samples: "Sequence[Packet[Stream]]", choice: ContainerChoice) -> list[str]:
    """The extensions of other containers that take a stream."""
    return [
        extension
        for extension, other in CONTAINERS.items()
        if other.format != choice.format and find_carriage(stream, samples, other) is not None
    ]


def _survives(stream: Stream, samples: "Iterable[Packet[Stream]]", choice: ContainerChoice, way: Carriage) -> bool:
    """Whether a file that holds nothing else can be written, and holds the stream when it is read back."""
    with tempfile.TemporaryDirectory(prefix="eid-stream-") as folder:
        path = Path(folder) / "rehearsal"
        try:
            sent = _write(path, stream, samples, choice, way)
            return _reads_back(path, stream, sent, choice)
        except (av.FFmpegError, ValueError, NotImplementedError):
            return False


def _write(
    path: Path, stream: Stream, samples: "Iterable[Packet[Stream]]", choice: ContainerChoice, way: Carriage
) -> int:
    container, sent = open_output(path, choice, unlisted=way.unlisted), 0
    try:
        copy = way.form(stream, container)
        container.start_encoding()
        now = 0
        for packet in samples:
            sent += len(_mux(container, copy.place(copy.convert(_at(now, packet)))))
            now += packet.duration or max(1, round(_SHORT_SECONDS / packet.time_base))
        _mux(container, copy.place(copy.flush()))
    finally:
        container.close()
    return sent


def _mux(container: OutputContainer, packets: "list[Packet[Stream]]") -> "list[Packet[Stream]]":
    for packet in packets:
        container.mux(packet)
    return packets


def _at(now: int, packet: "Packet[Stream]") -> "Packet[Stream]":
    """The packet at a time that no container refuses."""
    fresh: Packet[Stream] = Packet(bytes(packet))
    fresh.stream, fresh.time_base = packet.stream, packet.time_base
    fresh.pts = fresh.dts = now
    fresh.duration, fresh.is_keyframe = packet.duration, True
    return fresh


def _reads_back(path: Path, stream: Stream, sent: int, choice: ContainerChoice) -> bool:
    if choice.format in ("mp4", "mov") and not _is_described(path):
        return False
    if stream.type == "attachment" or not sent:
        return True
    with av.open(f"file:{path}", "r", **READABLE_METADATA) as container:
        kinds = [found for found in container.streams if found.type == stream.type]
        return bool(kinds) and any(packet.size for packet in container.demux(kinds[0]))


def _is_described(path: Path) -> bool:
    """Whether the file says what each of its streams holds: FFmpeg also writes streams that it cannot describe."""
    with path.open("rb") as file:
        size = path.stat().st_size
        for box in find(file, _STSD, 0, size):
            file.seek(box.begin + 8)
            entry = int.from_bytes(file.read(4), "big")
            if not _DESCRIPTION_BYTES <= entry <= box.end - box.begin - 8:
                return False
    return True


def _escaped(path: str) -> str:
    """A path as FFmpeg's tee reads it."""
    return "".join(f"\\{letter}" if letter in "\\'|[]:" else letter for letter in path)
