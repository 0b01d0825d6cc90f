"""AMR speech one frame at a time: MP4 and QuickTime files hold it so, 3GP files several frames in a packet."""

from fractions import Fraction

from av.packet import Packet
from av.stream import Stream

_FRAME_SECONDS = Fraction(20, 1000)
_BYTES_BY_MODE = {
    "amrnb": (13, 14, 16, 18, 20, 21, 27, 32, 6, 1, 1, 1, 1, 1, 1, 1),
    "amrwb": (18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 1, 1, 1, 1, 1, 1),
}
"""Length of a frame, its first byte included, by the mode in that byte (3GPP TS 26.101 and 26.201)."""


def is_amr(stream: Stream) -> bool:
    """Whether a stream is AMR speech, narrow or wide band."""
    return stream.codec_context is not None and stream.codec_context.name in _BYTES_BY_MODE


def split_frames(packet: "Packet[Stream]", codec: str) -> "list[Packet[Stream]]":
    """Cut a packet into its frames of 20 ms."""
    content, place = bytes(packet), 0
    frames: list[Packet[Stream]] = []
    assert packet.pts is not None
    while place < len(content):
        size = _BYTES_BY_MODE[codec][content[place] >> 3 & 15]
        if size <= 1:
            raise ValueError("a frame without speech, or a damaged one, which no other container holds")
        frame: Packet[Stream] = Packet(content[place : place + size])
        frame.time_base = packet.time_base
        frame.pts = frame.dts = packet.pts + round(len(frames) * _FRAME_SECONDS / packet.time_base)
        frame.duration = round(_FRAME_SECONDS / packet.time_base)
        frame.is_keyframe = True
        frames.append(frame)
        place += size
    return frames
