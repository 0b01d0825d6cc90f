"""The contents of small video files for tests, read back packet by packet and picture by picture."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.packet import Packet

from eid_stream.core.ffmpeg.picture_buffer import nearest_layout, view
from eid_stream.core.frame import Planes
from tests.media.writing import BLOCK


@dataclass(frozen=True, slots=True)
class Track:
    """One stream as a reader sees it."""

    type: str
    codec: str
    seconds: tuple[Fraction, ...]
    """Presentation times of its packets, sorted."""
    payloads: tuple[bytes, ...]
    metadata: dict[str, str]
    disposition: int


def read_tracks(path: Path) -> list[Track]:
    """Read every packet of a file."""
    with av.open(str(path)) as container:
        packets: dict[int, list[Packet[Any]]] = {stream.index: [] for stream in container.streams}
        for packet in container.demux():
            if packet.size:
                packets[packet.stream.index].append(packet)
        return [
            Track(
                type=stream.type,
                codec=stream.codec_context.name if stream.codec_context else "",
                seconds=tuple(sorted((p.pts or 0) * p.time_base for p in packets[stream.index])),
                payloads=tuple(bytes(p) for p in packets[stream.index]),
                metadata=dict(stream.metadata),
                disposition=int(stream.disposition),
            )
            for stream in container.streams
        ]


def read_pictures(path: Path) -> list[tuple[Fraction, int]]:
    """Decode a file's video: time in seconds and painted number of every picture."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        time_base = stream.time_base or Fraction(1)
        return [
            ((p.pts or 0) * time_base, number_of(view(p), nearest_layout(p.format).bit_depth))
            for p in container.decode(stream)
        ]


def number_of(planes: Planes, bit_depth: int) -> int:
    """Read the number painted in a picture, modulo 256."""
    luma, middle = planes[0], 125 << (bit_depth - 8)
    return sum(
        1 << bit for bit in range(8) if luma[2 : BLOCK - 2, bit * BLOCK + 2 : (bit + 1) * BLOCK - 2].mean() > middle
    )
